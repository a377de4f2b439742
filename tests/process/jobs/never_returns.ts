import { defineJob } from "../../../job/mod.ts";

/** One of its tasks computes for ever. */
export default defineJob({
  name: "never-returns",
  tasks: () => [0, 1, 2],
  compute(n) {
    if (n === 1) { for (;;); }
    return n;
  },
});
