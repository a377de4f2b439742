// deno-lint-ignore-file no-console -- prints what the test reads
import { defineJob, main } from "../../../mod.ts";

/** A program that is server and node in one, and exports nothing. */
const job = defineJob({
  name: "program",
  options: { count: 10 },
  state: () => ({ sum: 0 }),
  *tasks({ count }) {
    for (let n = 1; n <= count; n++) yield n;
  },
  compute: (n) => n,
  collect(n, _n, { state }) {
    state.sum += n;
  },
  finish: (_summary, { state }) => console.log(`sum ${state.sum}`),
});

await main(job, import.meta);
