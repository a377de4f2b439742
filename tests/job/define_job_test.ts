import { assert, assertEquals, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { defineJob, type JobDefinition } from "../../job/define_job.ts";
import { JobError } from "../../job/errors.ts";
import type { JobBook } from "../../job/types.ts";
import { fakeContext, node, pullAll, summaryOf, taskContext } from "./fixtures.ts";

/** The book of a job whose results are numbers. */
function bookOf<S, T>(
  definition: Omit<JobDefinition<Record<never, never>, S, T, undefined, number>, "name" | "compute">,
): JobBook {
  const job = defineJob({ name: "test", compute: () => 0, ...definition });
  return job.book(job.options, fakeContext().context);
}

Deno.test("a job's book gives each task once, waits for results, and is finished when all are collected", async () => {
  const seen: unknown[] = [];
  const book = bookOf({ tasks: () => ["x", "y"], collect: (result, task) => void seen.push([task, result]) });
  assertEquals(await pullAll(book), [["x", "y"], "waiting"]);
  await book.collect(node, 2, "y");
  assertEquals(await book.next(node), { status: "waiting" });
  await book.collect(node, 1, "x");
  assertEquals(await book.next(node), { status: "finished" });
  assertEquals(seen, [["y", 2], ["x", 1]]);
});

Deno.test("a job's book is finished at once if there are no tasks", async () => {
  assertEquals(await pullAll(bookOf({ tasks: () => [] })), [[], "finished"]);
});

Deno.test("a job's book pulls its tasks no earlier than they are asked for", async () => {
  let pulled = 0;
  const book = bookOf({
    *tasks() {
      while (true) yield pulled++;
    },
  });
  assertEquals(pulled, 0);
  for (let task = 0; task < 3; task++) assertEquals(await book.next(node), { status: "unfinished", data: task });
  assertEquals(pulled, 3);
});

Deno.test("a job's book takes a task that failed for good off what it waits for", async () => {
  const book = bookOf({ tasks: () => [1, 2] });
  await pullAll(book);
  await book.collect(node, 0, 1);
  await book.dropped(2);
  assertEquals(await book.next(node), { status: "finished" });
});

Deno.test("a job's book keeps a task outstanding until its result has been taken", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const book = bookOf({ tasks: () => [1], collect: () => promise });
  await pullAll(book);
  const collected = book.collect(node, 0, 1);
  assertEquals(await book.next(node), { status: "waiting" });
  resolve();
  await collected;
  assertEquals(await book.next(node), { status: "finished" });
});

Deno.test("a job's book passes on what collect throws, and keeps the task outstanding", async () => {
  const book = bookOf({
    tasks: () => [1],
    collect: () => {
      throw new Error("disk full");
    },
  });
  await pullAll(book);
  assertThrows(() => book.collect(node, 0, 1), Error, "disk full");
  assertEquals(await book.next(node), { status: "waiting" });
});

Deno.test("a job's book tells collect the node of each result, also while another one is being taken", async () => {
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const book = bookOf({
    tasks: () => [1, 2, 3],
    collect: async (_result, task, tools) => {
      if (task === 1) await gate.promise;
      seen.push(`${task} of ${tools.node}`);
    },
  });
  await pullAll(book);
  const calls = [book.collect("a", 0, 1), book.collect("b", 0, 2), book.collect("b", 0, 3)];
  gate.resolve();
  await Promise.all(calls);
  assertEquals(seen.sort(), ["1 of a", "2 of b", "3 of b"]);
});

Deno.test("a job's book reads async generators, also when it is asked again before the task has come", async () => {
  const gate = Promise.withResolvers<void>();
  const book = bookOf({
    async *tasks() {
      await gate.promise;
      yield* [1, 2];
    },
  });
  const statuses = Promise.all([book.next(node), book.next(node), book.next(node)]);
  gate.resolve();
  assertEquals(await statuses, [
    { status: "unfinished", data: 1 },
    { status: "unfinished", data: 2 },
    { status: "waiting" },
  ]);
});

Deno.test("a job's book asks an async iterator for one task at a time", async () => {
  let running = 0;
  let most = 0;
  const tasks: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        return { done: false, value: 1 };
      },
    }),
  };
  const book = bookOf({ tasks: () => tasks });
  await Promise.all([book.next(node), book.next(node), book.next(node)]);
  assertEquals(most, 1);
});

Deno.test("a job's book never passes for finished once its tasks have thrown", async () => {
  const broken = {
    *sync() {
      yield 1;
      throw new Error("no such file");
    },
    async *later() {
      yield 1;
      await Promise.reject(new Error("no such file"));
    },
  };
  for (const tasks of [broken.sync, broken.later]) {
    const book = bookOf({ tasks });
    await book.next(node);
    for (let round = 0; round < 2; round++) {
      await assertRejects(async () => await book.next(node), Error, "no such file");
      await book.collect(node, 0, 1);
    }
  }
});

Deno.test("a job's book refuses tasks that cannot be iterated, and the letters of a string", async () => {
  for (const tasks of [undefined, null, 5, {}, "abc"]) {
    const book = bookOf({ tasks: () => tasks as unknown as number[] });
    const error = await assertRejects(async () => await book.next(node), JobError, "must return something that can be");
    assertEquals(error.code, "tasks-invalid");
  }
});

Deno.test("a job's tasks can wait for the results of a stage", async () => {
  const book = bookOf({
    state: () => ({ sum: 0 }),
    async *tasks(_options, { state, settled }) {
      yield* [1, 2];
      await settled();
      yield state.sum;
    },
    collect: (result, _task, { state }) => void (state.sum += result),
  });
  await book.next(node);
  await book.next(node);
  const pending = book.next(node);
  await book.collect(node, 10, 1);
  await book.collect(node, 20, 2);
  assertEquals(await pending, { status: "unfinished", data: 30 });
});

Deno.test("a job's tasks can keep a window of outstanding ones", async () => {
  let yielded = 0;
  const book = bookOf({
    async *tasks(_options, { settled }) {
      for (; yielded < 4; yielded++) {
        await settled(1);
        yield yielded;
      }
    },
  });
  await book.next(node);
  await book.next(node);
  const pending = book.next(node);
  await book.dropped(0);
  assertEquals(await pending, { status: "unfinished", data: 2 });
});

Deno.test("a job's settled refuses a count below 0", async () => {
  const book = bookOf({
    async *tasks(_options, { settled }) {
      await settled(-1);
      yield 1;
    },
  });
  await assertRejects(async () => await book.next(node), RangeError, "Cannot wait for -1 outstanding tasks");
});

Deno.test("a job's book closes its tasks when the job ends early, and gives out none after that", async () => {
  let closed = 0;
  const book = bookOf({
    *tasks() {
      try {
        while (true) yield 1;
      } finally {
        closed++;
      }
    },
  });
  await book.next(node);
  await book.close();
  await book.close();
  assertEquals(closed, 1);
  assertEquals(await book.next(node), { status: "waiting" });
  await book.collect(node, 0, 1);
  assertEquals(await book.next(node), { status: "finished" });
});

Deno.test("a job's book ends tasks that wait for results when the job ends early", async () => {
  const events: unknown[] = [];
  const waits = Promise.withResolvers<void>();
  const book = bookOf({
    async *tasks(_options, { settled, signal }) {
      signal.addEventListener("abort", () => events.push("aborted"));
      yield 1;
      try {
        waits.resolve();
        await settled();
      } catch (error) {
        assert(error instanceof JobError);
        events.push(error.code);
        throw error;
      }
    },
  });
  await book.next(node);
  const pending = book.next(node);
  await waits.promise;
  await book.close();
  assertEquals(await pending, { status: "waiting" });
  assertEquals(events, ["aborted", "job-closed"]);
});

Deno.test("a job's book does not start tasks that come after the job has ended", async () => {
  const later = Promise.withResolvers<number[]>();
  const book = bookOf({ tasks: () => later.promise });
  const pending = book.next(node);
  await book.close();
  later.resolve([1]);
  assertEquals(await pending, { status: "finished" });
});

Deno.test("a job's total is told, counted where it can be, and known when all tasks were pulled", async () => {
  const list = bookOf({ tasks: () => [1, 2, 3] });
  const told = bookOf({ tasks: () => new Set([1, 2]), total: () => 2 });
  const lazy = bookOf({ tasks: () => new Set([1, 2]) });
  for (const book of [list, told, lazy]) await book.next(node);
  assertEquals([list.total(), told.total(), lazy.total()], [3, 2, undefined]);
  await pullAll(lazy);
  assertEquals(lazy.total(), 2);
  const wrong = bookOf({ tasks: () => [1], total: () => 1.5 });
  await assertRejects(async () => await wrong.next(node), JobError, "Cannot use 1.5 as the total of tasks");
});

Deno.test("a job's state is made once, before anything else, and shared by the server's functions", async () => {
  const calls: string[] = [];
  const job = defineJob({
    name: "shared",
    options: { start: 5 },
    state: async ({ start }) => {
      calls.push("state");
      return await Promise.resolve({ sum: start });
    },
    tasks: (_options, { state }) => [state.sum, state.sum],
    initial: (_options, { state }) => ({ first: state.sum++ }),
    compute: (task) => task,
    collect: (result, _task, { state, options, node }) => {
      state.sum += result;
      calls.push(`collect of ${node} from ${options.start}`);
    },
    finish: ({ outcome }, { state, log }) => log(`${outcome} ${state.sum}`),
  });
  const { context, lines } = fakeContext();
  const book = job.book({ start: 7 }, context);
  assertEquals(calls, []);
  assertEquals(await Promise.all([book.initialData(node), book.initialData("other")]), [{ first: 7 }, { first: 7 }]);
  assertEquals(await pullAll(book), [[8, 8], "waiting"]);
  await book.collect(node, 1, 8);
  await book.collect(node, 1, 8);
  await book.close();
  await book.finish(summaryOf());
  assertEquals(calls, ["state", `collect of ${node} from 7`, `collect of ${node} from 7`]);
  assertEquals(lines, ["complete 10"]);
});

Deno.test("a job whose state cannot be made fails with that error, and is not asked to finish", async () => {
  let made = 0;
  let finished = 0;
  const book = bookOf({
    state: () => {
      made++;
      throw new Error("no such table");
    },
    tasks: () => [1],
    finish: () => void finished++,
  });
  for (let round = 0; round < 2; round++) {
    await assertRejects(async () => await book.next(node), Error, "no such table");
  }
  await book.finish(summaryOf("failed"));
  assertEquals([made, finished], [1, 0]);
});

Deno.test("a job's node computes with the options, the initial data and what the runtime gives", async () => {
  const job = defineJob({
    name: "node",
    options: { factor: 2 },
    tasks: () => [1],
    initial: () => ({ offset: 100 }),
    compute: (task, { options, initial, taskNumber, attempt, node }) =>
      `${task * options.factor + initial.offset} ${taskNumber} ${attempt} ${node}`,
  });
  const half = job.node({ factor: 3 });
  await half.setInitialData?.(node, { offset: 100 });
  assertEquals(await half.processDataFromServer(5, taskContext(9)), `115 9 1 ${node}`);
});

Deno.test("defineJob carries name, options and limits, and is not bound to nodes", () => {
  const job = defineJob({
    name: "n",
    options: { a: 1 },
    limits: { timeoutMs: 50 },
    tasks: () => [1],
    compute: (task) => task,
  });
  assertEquals([job.name, job.options, job.limits, job.pinned], ["n", { a: 1 }, { timeoutMs: 50 }, false]);
});
