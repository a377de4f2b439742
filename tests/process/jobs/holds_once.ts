// deno-lint-ignore-file no-console -- prints what the test reads
import { defineJob } from "../../../job/mod.ts";

/**
 * The sum of the squares below 100; but the first attempt at the first task says `holding` and never returns, so that
 * a test can act in the middle of the job for as long as it takes.
 */
export default defineJob({
  name: "holds-once",
  state: () => ({ sum: 0, collected: 0 }),
  tasks: () => Array.from({ length: 100 }, (_, n) => n),
  compute(n, { attempt, log }) {
    if (n === 0 && attempt === 1) {
      log("holding");
      for (;;);
    }
    return n * n;
  },
  collect(square, _n, { state }) {
    state.sum += square;
    state.collected += 1;
  },
  finish({ outcome }, { state }) {
    if (outcome === "complete") console.log(`sum ${state.sum} of ${state.collected}`);
  },
});
