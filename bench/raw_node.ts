/**
 * The least that a node can be: frames of tasks from a socket to a worker, which decodes each, computes nothing, and
 * encodes each, and back. No leases, no retries, no limits. The other end is `raw_tasks.ts`.
 *
 * @module
 */
import { readFull, writeFull } from "./raw.ts";

const [port] = Deno.args;
const worker = new Worker(import.meta.resolve("./raw_worker.ts"), { type: "module" });
const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
conn.setNoDelay(true);

let written = Promise.resolve();
worker.onmessage = ({ data }: MessageEvent<Uint8Array<ArrayBuffer>>) => {
  written = written.then(() => writeFull(conn, data));
};
const head = new Uint8Array(4);
const view = new DataView(head.buffer);
try {
  for (;;) {
    await readFull(conn, head);
    const body = new Uint8Array(view.getUint32(0, true));
    await readFull(conn, body);
    worker.postMessage(body, [body.buffer]);
  }
} catch {
  worker.terminate();
}
