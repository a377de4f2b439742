/**
 * The worker of `raw_node.ts`.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { readEntries, writeFrame } from "./raw_frame.ts";

self.onmessage = ({ data }: MessageEvent<Uint8Array<ArrayBuffer>>) => {
  const results: unknown[] = [];
  readEntries(data, (value) => results.push(value));
  const frame = writeFrame(results);
  self.postMessage(frame, [frame.buffer]);
};
