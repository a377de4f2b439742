/**
 * A network within the process, for simulations and for tests.
 *
 * @module
 */
import type { Clock } from "../types.ts";
import { TransportError } from "./errors.ts";
import { createFifo } from "./fifo.ts";
import { createPipe, type Pipe } from "./pipe.ts";
import type { Link, Listener, Transport } from "./transport.ts";

/** Options of {@linkcode memoryTransport}. */
export interface MemoryOptions {
  /** Measures the time limit of a connect that waits to be accepted. @default such a connect waits without limit */
  readonly clock?: Clock;
}

/** Links that may wait to be accepted, as in a system's listen queue. */
const backlogMax = 511;
/** Where free ports are looked for. */
const firstFreePort = 49_152;

interface Waiting {
  readonly resolve: (link: Link) => void;
  readonly reject: (error: Error) => void;
}

interface Port {
  readonly backlog: ReturnType<typeof createFifo<Link>>;
  waitingLinks: number;
  /** Who waits in `accept`. */
  readonly accepting: Waiting[];
  /** Who waits in `connect` for room in the backlog. */
  readonly connecting: Set<() => void>;
}

/**
 * A network of its own: links between the connects and the listeners of one transport, as bounded streams of bytes.
 * Hosts do not matter; ports do, and port 0 asks for a free one.
 *
 * @example
 * ```ts
 * import { memoryTransport } from "./memory.ts";
 *
 * const network = memoryTransport();
 * const listener = await network.listen({ host: "server", port: 0 });
 * const dialed = await network.connect(listener.address);
 * const accepted = await listener.accept();
 * await dialed.write(new Uint8Array([1, 2, 3]));
 * console.assert(await accepted.read(new Uint8Array(8)) === 3);
 * ```
 */
export function memoryTransport(options: MemoryOptions = {}): Transport {
  const ports = new Map<number, Port>();
  let nextPort = firstFreePort;
  let dialers = 0;

  const freePort = () => {
    while (ports.has(nextPort)) nextPort += 1;
    return nextPort++;
  };
  return {
    listen: (address) => {
      const number = address.port === 0 ? freePort() : address.port;
      if (ports.has(number)) {
        const message = `cannot listen on ${address.host}:${number}: the port is taken, choose another one`;
        return Promise.reject(new TransportError("address-in-use", message));
      }
      const port: Port = { backlog: createFifo(), waitingLinks: 0, accepting: [], connecting: new Set() };
      ports.set(number, port);
      return Promise.resolve(createListener({ host: address.host, port: number }, port, () => ports.delete(number)));
    },
    connect: async (address, connectOptions = {}) => {
      const where = `${address.host}:${address.port}`;
      if (connectOptions.signal?.aborted) throw aborted(where);
      for (;;) {
        const port = ports.get(address.port);
        if (!port) throw new TransportError("connect-refused", `cannot connect to ${where}: nobody listens there`);
        if (port.waitingLinks < backlogMax) {
          dialers += 1;
          return offer(port, where, `memory:${dialers}`);
        }
        await room(port, where, { ...options, ...connectOptions });
      }
    },
  };
}

function offer(port: Port, listenerAddress: string, dialerAddress: string): Link {
  const there = createPipe();
  const back = createPipe();
  const accepted = createLink(there, back, dialerAddress);
  const accepting = port.accepting.shift();
  if (accepting) accepting.resolve(accepted);
  else {
    port.backlog.push(accepted);
    port.waitingLinks += 1;
  }
  return createLink(back, there, listenerAddress);
}

/** Waits for room in the backlog, or for the listener's end. */
function room(
  port: Port,
  where: string,
  { clock, timeoutMs, signal }: MemoryOptions & { timeoutMs?: number; signal?: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      cancel?.();
      signal?.removeEventListener("abort", abort);
      port.connecting.delete(wake);
      if (error) reject(error);
      else resolve();
    };
    const abort = () => settle(aborted(where));
    const wake = () => settle();
    const late = () => {
      settle(new TransportError("connect-timeout", `cannot connect to ${where}: no answer within ${timeoutMs} ms`));
    };
    const cancel = timeoutMs === undefined ? undefined : clock?.setTimer(timeoutMs, late);
    signal?.addEventListener("abort", abort);
    port.connecting.add(wake);
  });
}

function createListener(address: Listener["address"], port: Port, remove: () => void): Listener {
  let closed = false;
  const wakeConnecting = () => {
    for (const wake of [...port.connecting]) wake();
  };
  const closedError = () => new TransportError("listener-closed", "the listener was closed");
  return {
    address,
    accept: () => {
      if (closed) return Promise.reject(closedError());
      const link = port.backlog.shift();
      if (link) {
        port.waitingLinks -= 1;
        wakeConnecting();
        return Promise.resolve(link);
      }
      return new Promise((resolve, reject) => port.accepting.push({ resolve, reject }));
    },
    close: () => {
      if (closed) return;
      closed = true;
      remove();
      for (const each of port.accepting.splice(0)) each.reject(closedError());
      // Whoever was not accepted is refused, as a system does with its listen queue.
      for (let link = port.backlog.shift(); link; link = port.backlog.shift()) link.close();
      wakeConnecting();
    },
  };
}

function createLink(inbound: Pipe, outbound: Pipe, remoteAddress: string): Link {
  return {
    remoteAddress,
    local: true,
    read: inbound.read,
    write: outbound.write,
    closeWrite: () => {
      outbound.end();
      return Promise.resolve();
    },
    close: () => {
      outbound.end();
      inbound.discard();
    },
  };
}

function aborted(where: string): TransportError {
  return new TransportError("connect-aborted", `did not connect to ${where}: aborted`);
}
