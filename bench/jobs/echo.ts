/**
 * Tasks whose data comes back as their result.
 *
 * @module
 */
import { defineJob } from "../../job/mod.ts";
import { createWindows } from "./windows.ts";

export default defineJob({
  name: "bench-echo",
  options: { nodes: 1, warmUp: 1, window: 100, windows: 5, bytes: 1024 },
  state: (options) => createWindows(options),
  *tasks({ bytes }, { state }) {
    const data = new Float64Array(bytes / 8).fill(Math.PI);
    while (!state.isDone()) yield data;
  },
  compute: (data) => data,
  collect(result, _task, { state, node, options }) {
    if (result.byteLength !== options.bytes) throw new Error(`${result.byteLength} bytes came back`);
    state.collected(node);
  },
  finish: (_summary, { state }) => state.print(),
});
