// deno-lint-ignore-file no-console -- prints what the test reads
import { defineJob } from "../../../job/mod.ts";

/** Sums the squares below `count`, and prints the sum. */
export default defineJob({
  name: "sum",
  options: { count: 100 },
  state: () => ({ sum: 0 }),
  *tasks({ count }) {
    for (let n = 0; n < count; n++) yield n;
  },
  total: ({ count }) => count,
  compute: (n) => n * n,
  collect(square, _n, { state }) {
    state.sum += square;
  },
  finish({ outcome }, { state }) {
    if (outcome === "complete") console.log(`sum ${state.sum}`);
  },
});
