// deno-lint-ignore-file no-console -- the benchmark reads it
/**
 * A job that stays: so many tasks, then none and no end. On SIGUSR2 the server says what memory it holds, and which
 * time it was asked.
 *
 * @module
 */
import { defineJob } from "../../job/mod.ts";

let pulled = 0;
let asked = 0;

// At once, not when the job begins: that is when its first node joins, and the memory without nodes is wanted as well.
Deno.addSignalListener("SIGUSR2", () => {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed, external } = Deno.memoryUsage();
  console.log(`bench ${++asked} ${JSON.stringify({ pulled, rss, heapUsed, external })}`);
});

export default defineJob({
  name: "bench-resident",
  options: { tasks: 0 },
  async *tasks({ tasks }, { signal }) {
    while (pulled < tasks) yield ++pulled;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  },
  compute: (number) => number,
});
