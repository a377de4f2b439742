import { defineJob } from "../../../job/mod.ts";

function failDeeply(n: number): number {
  throw new RangeError(`no square for ${n}`);
}

/** One of its tasks fails at every attempt. */
export default defineJob({
  name: "throws-always",
  tasks: () => [0, 1, 2, 3, 4, 5, 6, 7],
  compute: (n) => n === 5 ? failDeeply(n) : n * n,
});
