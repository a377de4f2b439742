/**
 * A worker: times round trips of 16 bytes to an echo on this machine.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { readFull, writeFull } from "./raw.ts";

self.onmessage = async ({ data: { port, count } }: MessageEvent<{ port: number; count: number }>) => {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  const message = new Uint8Array(16);
  const samples: number[] = [];
  for (let index = -100; index < count; index++) {
    const start = performance.now();
    await writeFull(conn, message);
    await readFull(conn, message);
    if (index >= 0) samples.push(performance.now() - start);
  }
  self.postMessage(samples);
};
