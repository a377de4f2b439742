// deno-lint-ignore-file no-console -- the benchmark reads it
/**
 * One task at a time: how long from handing it out to collecting its result, when nothing else is to be done.
 *
 * @module
 */
import { defineJob } from "../../job/mod.ts";

export default defineJob({
  name: "bench-latency",
  options: { count: 2_000, warmUp: 500 },
  state: () => ({ startedMs: 0, samples: [] as number[] }),
  async *tasks({ count, warmUp }, { state, settled }) {
    for (let number = 0; number < warmUp + count; number++) {
      state.startedMs = performance.now();
      yield number;
      await settled();
    }
  },
  compute: (number) => number,
  collect(_number, _task, { state }) {
    state.samples.push(performance.now() - state.startedMs);
  },
  finish: (_summary, { state, options }) =>
    console.log(`bench ${JSON.stringify({ samples: state.samples.slice(options.warmUp) })}`),
});
