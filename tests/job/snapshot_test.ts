import { assertEquals, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { defineJob, defineJobPair, JobError } from "../../job/mod.ts";
import type { JobBook } from "../../job/types.ts";
import { fakeContext, node, pullAll, summaryOf } from "./fixtures.ts";

/** A job that adds up, whose books say what was called. */
function summing(tasks: readonly number[]): { readonly book: JobBook; readonly calls: string[] } {
  const calls: string[] = [];
  const job = defineJob({
    name: "sum",
    options: { start: 0 },
    state: ({ start }) => {
      calls.push("state");
      return { sum: start };
    },
    tasks: (_options, { state }) => {
      calls.push(`tasks at ${state.sum}`);
      return tasks;
    },
    compute: (task) => task,
    collect: (result, _task, { state }) => void (state.sum += result),
    snapshot: ({ sum }) => [sum],
    restore: async ([sum], { start }) => {
      calls.push(`restore with ${start}`);
      return await Promise.resolve({ sum });
    },
    finish: (_summary, { state }) => void calls.push(`finish at ${state.sum}`),
  });
  return { book: job.book({ start: 100 }, fakeContext().context), calls };
}

Deno.test("a job goes on from its snapshot instead of making its state", async () => {
  const first = summing([1, 2, 3]);
  await first.book.next(node);
  await first.book.collect(node, 7, 1);
  const snapshot = first.book.snapshot!();
  assertEquals([snapshot, first.calls], [[107], ["state", "tasks at 100"]]);

  const { book, calls } = summing([1, 2, 3]);
  await book.restore!(snapshot);
  assertEquals(book.snapshot!(), [107]);
  await book.next(node);
  await book.dropped(1);
  assertEquals(await pullAll(book), [[2, 3], "waiting"]);
  await book.collect(node, 1, 2);
  await book.collect(node, 1, 3);
  assertEquals(await book.next(node), { status: "finished" });
  await book.finish(summaryOf());
  assertEquals(calls, ["restore with 100", "tasks at 107", "finish at 109"]);
});

Deno.test("a job's stages go on once the tasks that a snapshot stands for were dropped", async () => {
  const job = defineJob({
    name: "stages",
    state: () => ({ sum: 0 }),
    async *tasks(_options, { state, settled }) {
      yield* [1, 2];
      await settled();
      yield state.sum;
    },
    compute: (task) => task,
    snapshot: ({ sum }) => sum,
    restore: (sum) => ({ sum }),
  });
  const book = job.book({}, fakeContext().context);
  await book.restore!(30);
  for (const task of [1, 2]) {
    assertEquals(await book.next(node), { status: "unfinished", data: task });
    await book.dropped(task);
  }
  assertEquals(await book.next(node), { status: "unfinished", data: 30 });
});

Deno.test("a job whose snapshot cannot be restored fails with that error, and is not asked to finish", async () => {
  let finished = 0;
  const job = defineJob({
    name: "broken",
    state: () => 0,
    tasks: () => [1],
    compute: (task) => task,
    snapshot: (state) => state,
    restore: () => {
      throw new Error("of an older kind");
    },
    finish: () => void finished++,
  });
  const book = job.book({}, fakeContext().context);
  await assertRejects(async () => await book.restore!(5), Error, "of an older kind");
  await assertRejects(async () => await book.next(node), Error, "of an older kind");
  await book.finish(summaryOf("failed"));
  assertEquals(finished, 0);
});

Deno.test("a job without snapshots has books without them", () => {
  const plain = defineJob({ name: "plain", tasks: () => [1], compute: (task) => task });
  const pair = defineJobPair({
    name: "pair",
    server: () => ({ prepareDataForNode: () => ({ status: "waiting" }), processDataFromNode: () => {} }),
    node: () => ({ processDataFromServer: () => 1 }),
  });
  for (const job of [plain, pair]) {
    const { snapshot, restore } = job.book({}, fakeContext().context);
    assertEquals([snapshot, restore], [undefined, undefined]);
  }
});

Deno.test("a job with its own books may offer a snapshot, also as an object with methods", async () => {
  class Counter {
    count = 0;
    prepareDataForNode() {
      return { status: "waiting" } as const;
    }
    processDataFromNode() {
      this.count++;
    }
    snapshot() {
      return { count: this.count };
    }
    restore({ count }: { count: number }) {
      this.count = count;
    }
  }
  const job = defineJobPair({
    name: "pair",
    server: () => new Counter(),
    node: () => ({ processDataFromServer: () => 1 }),
  });
  const book = job.book({}, fakeContext().context);
  await book.restore!({ count: 5 });
  await book.collect(node, 1, undefined);
  assertEquals(book.snapshot!(), { count: 6 });
});

Deno.test("a job that is given only one of snapshot and restore is refused", () => {
  const level2 = { name: "half", tasks: () => [1], compute: () => 1 };
  for (const half of [{ snapshot: () => 1 }, { restore: () => undefined }]) {
    const missing = "snapshot" in half ? "restore is missing" : "snapshot is missing";
    const { code } = assertThrows(() => defineJob({ ...level2, ...half }), JobError, missing);
    assertEquals(code, "job-invalid");
    const pair = defineJobPair({
      name: "half",
      server: () => ({
        prepareDataForNode: () => ({ status: "waiting" }),
        processDataFromNode: () => {},
        ...half,
      }),
      node: () => ({ processDataFromServer: () => 1 }),
    });
    assertThrows(() => pair.book({}, fakeContext().context), JobError, missing);
  }
});
