/** Jobs that cannot answer at once what comes next: those that wait for results, and those that are slow. */
import { assert, assertEquals } from "jsr:@std/assert@^1";
import { decodePayload } from "../../actors/remote/payload.ts";
import { defineJob, defineJobPair } from "../../job/mod.ts";
import type { Job, JobStatus } from "../../job/types.ts";
import { type FakeNode, identity } from "./fake_node.ts";
import { serve } from "./harness.ts";
import { double, inOrder } from "./numbers.ts";

/** A job of stages: each of so many tasks, and begun when the one before it is done. */
function staged(...sizes: readonly number[]) {
  const collected: [number, number][] = [];
  const job = defineJob({
    name: identity.job,
    async *tasks(_options, { settled }) {
      let next = 0;
      for (const size of sizes) {
        for (let index = 0; index < size; index++) yield next++;
        await settled();
      }
    },
    compute: double,
    collect: (result, task) => void collected.push([task, result as number]),
  });
  return { job, collected };
}

const numbersOf = ({ tasks }: FakeNode): number[] => tasks.map(({ task }) => task);

Deno.test("tasks that wait at the end of a stage are called back for slots that idle", async () => {
  const { job, collected } = staged(2, 1);
  const { join, server, settle, system } = await serve(job);
  const busy = await join({ name: "busy" });
  assertEquals(numbersOf(busy), [0, 1]);
  const idle = await join({ name: "idle" });
  await system.advance(500);
  const recall = busy.control.find(({ type }) => type === "recall");
  assertEquals(recall, { type: "recall", attempts: [{ task: 1, attempt: 1 }] });
  busy.fail(busy.tasks[1], { kind: "handed-back" });
  await settle();
  assertEquals(numbersOf(idle), [1]);
  idle.succeed(idle.tasks.splice(0), double);
  busy.succeed(busy.tasks[0], double);
  await settle();
  const last = [busy, idle].find(({ tasks }) => tasks.some(({ task }) => task === 2))!;
  last.succeed(last.tasks.filter(({ task }) => task === 2), double);
  assertEquals((await system.until(server.done)).outcome, "complete");
  assertEquals(inOrder(collected), [[0, 0], [1, 2], [2, 4]]);
});

Deno.test("straggler at the end of a stage is computed a second time", async () => {
  const { job } = staged(6, 1);
  const { join, settle, system } = await serve(job);
  const slow = await join({ name: "slow" });
  const stuck = slow.tasks[0];
  const fast = await join({ name: "fast", slots: 4 });
  slow.fail(slow.tasks[1], { kind: "handed-back" });
  for (let round = 0; round < 40 && !numbersOf(fast).includes(stuck.task); round++) {
    fast.succeed(fast.tasks.splice(0), double);
    for (const node of [slow, fast]) node.say({ type: "heartbeat" });
    await system.advance(250);
  }
  assertEquals(fast.tasks.map(({ task, attempt }) => [task, attempt]), [[stuck.task, 2]]);
  fast.succeed(fast.tasks.splice(0), double);
  await settle();
  assert(slow.control.some(({ type }) => type === "cancel"));
});

Deno.test("task that failed goes back to the only node that fits, though the job waits for it", async () => {
  const job = defineJob({
    name: identity.job,
    async *tasks(_options, { settled }) {
      yield 0;
      await settled();
    },
    needs: () => ({ requires: { gpu: "1" } }),
    compute: double,
  });
  const { join, server, settle, system } = await serve(job);
  await join({ name: "plain" });
  const able = await join({ name: "able", labels: { gpu: "1" } });
  able.fail(able.tasks.splice(0)[0], {});
  await system.advance(500);
  assertEquals(able.tasks.map(({ task, attempt }) => [task, attempt]), [[0, 2]]);
  able.succeed(able.tasks, double);
  await settle();
  assertEquals((await system.until(server.done)).outcome, "complete");
});

Deno.test("job that makes each task in an async function keeps every slot busy, and calls nothing back", async () => {
  const { job, collected } = staged(200);
  const { join, server, settle, system } = await serve(job);
  const nodes = [await join({ slots: 2 }), await join({ slots: 3 })];
  while (collected.length < 200) {
    for (const node of nodes) {
      assert(node.tasks.length > 0 || collected.length > 190, `a node idles after ${collected.length} results`);
      node.succeed(node.tasks.splice(0), double);
    }
    await settle();
  }
  assertEquals((await system.until(server.done)).outcome, "complete");
  assertEquals(nodes.flatMap(({ control }) => control).filter(({ type }) => type === "recall"), []);
});

/** A job with books of its own whose answers come from a list. */
function answering(answers: (() => JobStatus<number> | Promise<JobStatus<number>>)[]): Job {
  return defineJobPair({
    name: identity.job,
    server: () => ({
      prepareDataForNode: () => answers.shift()?.() ?? { status: "waiting" },
      processDataFromNode: () => {},
    }),
    node: () => ({ processDataFromServer: double }),
  });
}

const task = (data: number): JobStatus<number> => ({ status: "unfinished", data });

Deno.test("what the books give at once is handed out while their next answer is awaited", async () => {
  const late = Promise.withResolvers<JobStatus<number>>();
  const { join, settle } = await serve(answering([() => task(0), () => late.promise]));
  const node = await join({ slots: 2 });
  assertEquals(numbersOf(node), [0]);
  late.resolve(task(1));
  await settle();
  assertEquals(numbersOf(node), [0, 1]);
});

Deno.test("what a source of tasks gives at once is handed out while its next task is awaited", async () => {
  const late = Promise.withResolvers<void>();
  const job = defineJob({
    name: identity.job,
    *tasks() {
      yield 0;
      yield 1;
    },
    compute: double,
  });
  const waiting = {
    ...job,
    book: (...given: Parameters<typeof job.book>) => {
      const book = job.book(...given);
      let asked = 0;
      return { ...book, next: (id: string) => ++asked < 2 ? book.next(id) : late.promise.then(() => book.next(id)) };
    },
  };
  const { join, settle } = await serve(waiting);
  const node = await join({ slots: 2 });
  assertEquals(numbersOf(node), [0]);
  late.resolve();
  await settle();
  assertEquals(numbersOf(node), [0, 1]);
});

Deno.test("books are asked for a node no further while they have not answered for it", async () => {
  let asked = 0;
  const never = new Promise<JobStatus<number>>(() => {});
  const ask = () => (asked++, never);
  const { join, settle, system } = await serve(answering([() => task(0), ask, ask, ask, ask]));
  const node = await join();
  node.succeed(node.tasks.splice(0), double);
  for (let second = 0; second < 10; second++) {
    node.say({ type: "heartbeat" });
    await system.advance(1_000);
  }
  await settle();
  assertEquals(asked, 1);
});

Deno.test("task that the books made for a node before they knew that it is gone is given out once", async () => {
  const gate = Promise.withResolvers<void>();
  const job = defineJobPair({
    name: identity.job,
    server: () => {
      const ready = [7, 1];
      const out: number[] = [];
      const next = (): JobStatus<number> => {
        const data = ready.shift();
        if (data === undefined) return { status: "waiting" };
        out.push(data);
        return { status: "unfinished", data };
      };
      return {
        prepareDataForNode: () => gate.promise.then(next),
        processDataFromNode: () => {},
        heartbeatTimeout: () => void ready.push(...out.splice(0)),
      };
    },
    node: () => ({ processDataFromServer: double }),
  });
  const { join, settle } = await serve(job);
  const before = await join({ slots: 2 });
  before.connection.abort();
  await settle();
  const after = await join({ was: before, slots: 2 });
  after.holds([]);
  gate.resolve();
  await settle();
  assertEquals(after.tasks.map(({ payload }) => decodePayload(payload)), [7, 1]);
});
