/**
 * TCP and TLS. What listens is made by what Deno has; for the other end see tls.ts.
 *
 * @module
 */
import { asError, TransportError } from "./errors.ts";
import { connectTls, isLocal, type TlsTrust } from "./tls.ts";
import { prepareTls } from "./tls_listen.ts";
import {
  type Address,
  type ConnectOptions,
  formatAddress,
  type Link,
  type Listener,
  type Transport,
} from "./transport.ts";

/** What TLS needs: a listener its certificate, who connects a reason to trust it. Certificates and keys are in PEM. */
export interface TlsOptions extends TlsTrust {
  /** The listener's certificate, followed by those that vouch for it. */
  readonly certificate?: string;
  /** The key of the listener's certificate. */
  readonly certificateKey?: string;
}

/** Options of {@linkcode tcpTransport}. */
export interface TcpOptions {
  /**
   * Speaks TLS, and nothing else. A listener needs a certificate and its key. Who connects needs its fingerprint, or an
   * authority that vouches for it (well-known, or given), and then the certificate must name the host as it is dialed.
   *
   * @default plain TCP
   */
  readonly tls?: TlsOptions;
}

/**
 * A transport over TCP, without delay for small writes.
 *
 * @example
 * ```ts
 * import { tcpTransport } from "./tcp.ts";
 *
 * const transport = tcpTransport();
 * const listener = await transport.listen({ host: "127.0.0.1", port: 0 });
 * const dialed = await transport.connect(listener.address, { timeoutMs: 1000 });
 * const accepted = await listener.accept();
 * await dialed.write(new Uint8Array([1, 2, 3]));
 * console.assert(await accepted.read(new Uint8Array(8)) === 3);
 * dialed.close();
 * accepted.close();
 * listener.close();
 * ```
 */
export function tcpTransport(options: TcpOptions = {}): Transport {
  const { tls } = options;
  return {
    connect: (address, connectOptions = {}) => connect(address, tls, connectOptions),
    listen: async (address) => listen(address, tls && await prepareTls(tls)),
  };
}

async function connect(address: Address, tls: TlsOptions | undefined, options: ConnectOptions): Promise<Link> {
  const { timeoutMs, signal } = options;
  const where = formatAddress(address);
  if (signal?.aborted) throw new TransportError("connect-aborted", `did not connect to ${where}: aborted`);
  const timeout = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => timeout.abort(), timeoutMs);
  const either = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal;
  let link: Link | undefined;
  try {
    link = tls ? await connectTls(address, tls, either) : await connectPlain(address, either);
    either.throwIfAborted();
    return link;
  } catch (cause) {
    link?.close();
    if (signal?.aborted) throw new TransportError("connect-aborted", `did not connect to ${where}: aborted`, { cause });
    if (timeout.signal.aborted) {
      throw new TransportError("connect-timeout", `cannot connect to ${where}: no answer within ${timeoutMs} ms`, {
        cause,
      });
    }
    throw connectError(where, cause);
  } finally {
    clearTimeout(timer);
  }
}

async function connectPlain({ host, port }: Address, signal: AbortSignal): Promise<Link> {
  const conn = await Deno.connect({ hostname: host, port, signal });
  conn.setNoDelay(true);
  return createLink(conn);
}

function connectError(where: string, cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause;
  if (cause instanceof Deno.errors.ConnectionRefused) {
    return new TransportError("connect-refused", `cannot connect to ${where}: nobody listens there`, { cause });
  }
  return new TransportError("connect-failed", `cannot connect to ${where}: ${asError(cause).message}`, { cause });
}

function listen(address: Address, secure: Awaited<ReturnType<typeof prepareTls>> | undefined): Listener {
  let listener: Deno.TcpListener;
  try {
    listener = Deno.listen({ hostname: address.host, port: address.port });
  } catch (cause) {
    throw listenError(address, cause);
  }
  let closed = false;
  return {
    address: { host: address.host, port: listener.addr.port },
    accept: async () => {
      for (;;) {
        try {
          const conn = await listener.accept();
          conn.setNoDelay(true);
          const link = createLink(conn);
          return secure ? secure(link) : link;
        } catch (cause) {
          if (closed) throw new TransportError("listener-closed", "the listener was closed", { cause });
          // The peer gave up while it waited to be accepted: its loss alone.
          if (cause instanceof Deno.errors.ConnectionReset || cause instanceof Deno.errors.ConnectionAborted) continue;
          const reason = asError(cause).message;
          throw new TransportError("accept-failed", `cannot accept a connection: ${reason}`, { cause });
        }
      }
    },
    close: () => {
      if (closed) return;
      closed = true;
      listener.close();
    },
  };
}

function listenError(address: Address, cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause;
  const where = formatAddress(address);
  if (cause instanceof Deno.errors.AddrInUse) {
    return new TransportError("address-in-use", `cannot listen on ${where}: the port is taken, choose another one`, {
      cause,
    });
  }
  const { message } = asError(cause);
  return new TransportError("listen-failed", `cannot listen on ${where}: ${message}`, { cause });
}

function createLink(conn: Deno.TcpConn): Link {
  const { hostname, port } = conn.remoteAddr;
  return {
    read: (buffer) => conn.read(buffer),
    write: (data) => conn.write(data),
    closeWrite: () => conn.closeWrite(),
    close: () => tryClose(conn),
    remoteAddress: formatAddress({ host: hostname, port }),
    local: isLocal(hostname),
  };
}

/** Closes what may have been closed already, by this side or with the other half. */
function tryClose(conn: { close(): void } | undefined): void {
  try {
    conn?.close();
  } catch {
    // It is closed, which is what is wanted.
  }
}
