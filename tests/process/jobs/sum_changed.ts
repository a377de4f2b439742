import { defineJob } from "../../../job/mod.ts";

/** A job of the name of sum.ts that computes something else. */
export default defineJob({
  name: "sum",
  options: { count: 100 },
  tasks: () => [1, 2, 3],
  compute: (n) => n + n,
});
