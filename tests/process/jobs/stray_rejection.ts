import { defineJob } from "../../../job/mod.ts";

/** Its server half leaves a promise alone that is rejected, and throws where nobody can catch it. */
export default defineJob({
  name: "stray-rejection",
  async *tasks() {
    Promise.reject(new Error("nobody waits for this"));
    queueMicrotask(() => {
      throw new Error("nobody can catch this");
    });
    await new Promise((resolve) => setTimeout(resolve));
    yield 1;
  },
  compute: (n) => n,
});
