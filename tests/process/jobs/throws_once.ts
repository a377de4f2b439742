// deno-lint-ignore-file no-console -- prints what the test reads
import { defineJob } from "../../../job/mod.ts";

/** Each task fails at its first attempt. */
export default defineJob({
  name: "throws-once",
  state: () => ({ sum: 0 }),
  tasks: () => [1, 2, 3, 4],
  compute(n, { attempt }) {
    if (attempt === 1) throw new Error("not yet");
    return n;
  },
  collect(n, _n, { state }) {
    state.sum += n;
  },
  finish: (_summary, { state }) => console.log(`sum ${state.sum}`),
});
