// deno-lint-ignore-file no-console -- where its output goes is what is tested
/** A job whose tasks name what to do, for tests with real workers. */
import type { Job, TaskContext } from "../../../job/types.ts";

console.log("module loaded");

/** Computes for so long without ever yielding. */
function spin(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

const held: Uint8Array[] = [];

const ways: Record<string, (argument: number, context: TaskContext) => unknown> = {
  echo: (argument) => argument,
  spin: (argument) => spin(argument),
  logAndSpin: (argument, { log }) => {
    log("begun");
    spin(argument);
  },
  spinForEver: (_, { log }) => {
    log("begun");
    spin(Infinity);
  },
  ignoreCancel: (_, { log }) => {
    log("begun");
    return new Promise(() => {});
  },
  waitForCancel: (_, { log, signal }) => {
    log("begun");
    return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  },
  throwLater: () =>
    new Promise(() => {
      setTimeout(() => {
        throw new TypeError("thrown in a timer");
      });
    }),
  rejectLater: () => {
    void Promise.reject(new RangeError("rejected by nobody's leave"));
    return new Promise(() => {});
  },
  leaveTimer: () => {
    setTimeout(() => spin(Infinity), 20);
  },
  print: () => {
    console.log("a %s of %d", "line", 2, { deep: [1] });
    console.warn("careful");
    console.error(new Error("wrong"));
    console.debug("detail");
    console.table([{ a: 1 }]);
  },
  fillHeap: () => {
    const kept: unknown[] = [];
    for (;;) kept.push(new Array(10_000).fill(kept.length + 0.5));
  },
  fillBuffers: () => {
    const kept: unknown[] = [];
    for (;;) kept.push(new Uint8Array(1_000_000).fill(1));
  },
  hold: async (megabytes) => {
    held.push(new Uint8Array(megabytes * 2 ** 20).fill(1));
    await new Promise((resolve) => setTimeout(resolve));
    return held.length;
  },
  holdAndWait: (megabytes) => {
    held.push(new Uint8Array(megabytes * 2 ** 20).fill(1));
    return new Promise(() => {});
  },
  bytes: (length) => new Uint8Array(length).fill(7),
  writeOutput: () => Deno.stdout.writeSync(new TextEncoder().encode("past the console\n")),
  readFile: () => Deno.readTextFile(new URL(import.meta.url)),
  close: () => (globalThis as unknown as { close: () => void }).close(),
  exit: () => Deno.exit(3),
};

const job: Job = {
  gristmill: "job/1",
  name: "test",
  options: {},
  limits: {},
  pinned: false,
  replicas: 1,
  book: () => {
    throw new Error("the server's half is not for use here");
  },
  node: () => ({
    processDataFromServer: (data, context) => {
      const [way, argument] = data as [string, number];
      return ways[way](argument, context);
    },
  }),
};
export default job;
