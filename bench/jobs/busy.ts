/**
 * Tasks that compute for a given number of steps.
 *
 * @module
 */
import { defineJob } from "../../job/mod.ts";
import { spin } from "./spin.ts";
import { createWindows } from "./windows.ts";

export default defineJob({
  name: "bench-busy",
  options: { nodes: 1, warmUp: 1, window: 100, windows: 5, steps: 1_000_000 },
  state: (options) => createWindows(options),
  *tasks({ steps }, { state }) {
    while (!state.isDone()) yield steps;
  },
  compute(steps) {
    const start = performance.now();
    const result = spin(steps);
    return { result, computedMs: performance.now() - start };
  },
  collect: ({ computedMs }, _task, { state, node }) => state.collected(node, computedMs),
  finish: (_summary, { state }) => state.print(),
});
