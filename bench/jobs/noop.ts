/**
 * Tasks that do nothing, for as long as the rate of their results is measured.
 *
 * @module
 */
import { defineJob } from "../../job/mod.ts";
import { createWindows } from "./windows.ts";

export default defineJob({
  name: "bench-noop",
  options: { nodes: 1, warmUp: 3, window: 20_000, windows: 5 },
  state: (options) => createWindows(options),
  *tasks(_options, { state }) {
    for (let number = 0; !state.isDone(); number++) yield number;
  },
  compute: (number) => number,
  collect: (_number, _task, { state, node }) => state.collected(node),
  finish: (_summary, { state }) => state.print(),
});
