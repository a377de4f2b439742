import { defineJob } from "../../../job/mod.ts";

/** Its server half throws. */
export default defineJob({
  name: "collect-throws",
  tasks: () => [1],
  compute: (n) => n,
  collect() {
    throw new Error("the disk is full");
  },
});
