/**
 * No-op tasks through bare loops: sockets, workers and msgpackr, and nothing that makes it a system. The raw limit.
 *
 * @module
 */
import { startProgram } from "./cluster.ts";
import { readFull, writeFull } from "./raw.ts";
import { readEntries, writeFrame } from "./raw_frame.ts";

/** Frames that are with a node at once. */
const framesAtOnce = 4;

/** Bare nodes, ready to be measured again and again. */
export interface RawNodes extends AsyncDisposable {
  /** Sends tasks and takes results. @returns tasks a second */
  readonly rate: (tasks: number, tasksPerFrame: number) => Promise<number>;
  /** One task at a time to the first node. @returns milliseconds each */
  readonly latencies: (count: number) => Promise<readonly number[]>;
}

/** Starts bare nodes, each a process. */
export async function startRawNodes(nodes: number): Promise<RawNodes> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const processes = Array.from({ length: nodes }, () => startProgram("raw_node.ts", [String(listener.addr.port)]));
  const conns: Deno.TcpConn[] = [];
  while (conns.length < nodes) conns.push(await listener.accept());
  for (const conn of conns) conn.setNoDelay(true);
  return {
    rate: async (tasks, tasksPerFrame) => {
      const start = performance.now();
      const share = Math.ceil(tasks / nodes / tasksPerFrame) * tasksPerFrame;
      await Promise.all(conns.map((conn) => feed(conn, share, tasksPerFrame)));
      return share * nodes / (performance.now() - start) * 1000;
    },
    latencies: async (count) => {
      const samples: number[] = [];
      for (let index = -500; index < count; index++) {
        const start = performance.now();
        await feed(conns[0], 1, 1);
        if (index >= 0) samples.push(performance.now() - start);
      }
      return samples;
    },
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const conn of conns) conn.close();
      for (const process of processes) await process[Symbol.asyncDispose]();
    },
  };
}

/** Sends tasks to one node, a few frames ahead of its results. */
async function feed(conn: Deno.TcpConn, tasks: number, tasksPerFrame: number): Promise<void> {
  let sent = 0;
  let back = 0;
  const head = new Uint8Array(4);
  const view = new DataView(head.buffer);
  const send = async (): Promise<void> => {
    if (sent >= tasks) return;
    const values = Array.from({ length: tasksPerFrame }, (_, index) => sent + index);
    sent += tasksPerFrame;
    await writeFull(conn, writeFrame(values));
  };
  for (let frame = 0; frame < framesAtOnce; frame++) await send();
  while (back < tasks) {
    await readFull(conn, head);
    const body = new Uint8Array(view.getUint32(0, true));
    await readFull(conn, body);
    readEntries(body, () => back++);
    await send();
  }
}
