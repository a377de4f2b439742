import { defineJob } from "../../../job/mod.ts";

/** Its result cannot travel. */
export default defineJob({
  name: "returns-function",
  tasks: () => [1],
  compute: (n) => ({ items: [n, { callback: () => n }] }),
});
