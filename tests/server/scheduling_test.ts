import { assert, assertEquals } from "jsr:@std/assert@^1";
import type { TaskEntry } from "../../actors/remote/protocol.ts";
import { defineJob } from "../../job/mod.ts";
import { identity } from "./fake_node.ts";
import { serve } from "./harness.ts";
import { double, doubled, inOrder, numbers } from "./numbers.ts";

Deno.test("server pulls tasks only as nodes have room", async () => {
  let pulled = 0;
  const job = defineJob({
    name: identity.job,
    *tasks() {
      for (let task = 0; task < 1_000_000; task++) {
        pulled++;
        yield task;
      }
    },
    compute: double,
  });
  const { join } = await serve(job);
  const node = await join({ slots: 3 });
  assertEquals(node.tasks.length, 6);
  assert(pulled <= 7, `${pulled} tasks were pulled for one node of 3 slots`);
});

Deno.test("tasks that wait on a node are bounded by their bytes, however short they are", async () => {
  let pulled = 0;
  const job = defineJob({
    name: identity.job,
    *tasks() {
      for (; pulled < 100; pulled++) yield new Uint8Array(2 ** 20);
    },
    compute: () => 0,
  });
  const { join, settle } = await serve(job);
  const node = await join({ slots: 4 });
  // Each comes in several reads.
  const settleWell = async () => {
    for (let turn = 0; turn < 100; turn++) await settle();
  };
  await settleWell();
  const first = node.tasks.splice(0);
  assertEquals(first.length, 8);
  // Their duration would let 44 of them be with the node.
  node.succeed(first, () => 0);
  await settleWell();
  assertEquals(node.tasks.length, 16);
  assert(pulled <= 8 + 16 + 5, `${pulled} tasks were made`);
});

Deno.test("scheduler requeues the tasks of a node whose connection closes", async () => {
  const { job, collected } = numbers(4);
  const { join, server, settle, system } = await serve(job);
  const lost = await join({ slots: 2 });
  const [first] = lost.tasks;
  lost.succeed(first, double);
  await settle();
  lost.connection.abort();
  const heir = await join({ slots: 4 });
  await settle();
  assertEquals(heir.tasks.map(({ task, attempt }) => [task, attempt]), [[1, 2], [2, 2], [3, 2]]);
  assertEquals(first.task, 0);
  heir.succeed(heir.tasks, double);
  const summary = await system.until(server.done);
  assertEquals(inOrder(collected), doubled(4));
  assertEquals([summary.retried, summary.nodes, summary.nodesLost], [3, 2, 1]);
});

Deno.test("scheduler requeues the tasks of a node that falls silent, within two heartbeats", async () => {
  const { job, collected } = numbers(2);
  const { join, server, system } = await serve(job);
  const silent = await join();
  assertEquals(silent.tasks.length, 2);
  const other = await join();
  const beat = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 500) {
      other.say({ type: "heartbeat" });
      await system.advance(500);
    }
  };
  await beat(1_500);
  assert(other.tasks.length <= 1, "a recall may have asked, but nobody handed back");
  await beat(500);
  assertEquals(other.tasks.map(({ task }) => task).sort(), [0, 1]);
  silent.succeed(silent.tasks, double);
  other.succeed(other.tasks, double);
  await system.until(server.done);
  assertEquals(inOrder(collected), doubled(2));
});

Deno.test("scheduler drops results that come twice, from another node, or of another attempt", async () => {
  const { job, collected } = numbers(3);
  const { join, server, settle, system } = await serve(job);
  const [one, two] = [await join(), await join()];
  const all = [...one.tasks, ...two.tasks];
  assertEquals(all.length, 3);
  const mine = one.tasks[0];
  one.succeed([mine, mine], double);
  one.succeed({ ...mine, attempt: 2 }, double);
  two.succeed(mine, double);
  one.succeed({ ...mine, task: 999 }, double);
  await settle();
  assertEquals(collected, [[mine.task, mine.task * 2]]);
  one.succeed(one.tasks.slice(1), double);
  two.succeed(two.tasks, double);
  const summary = await system.until(server.done);
  assertEquals(inOrder(collected), doubled(3));
  assertEquals(summary.dropped, 4);
});

Deno.test("scheduler tries a failing task again, elsewhere if it can, and the job completes", async () => {
  const { job, collected } = numbers(1);
  const { join, server, settle, system } = await serve(job);
  const [one, two] = [await join(), await join()];
  one.fail(one.tasks[0], { message: "first" });
  await settle();
  assertEquals(two.tasks.map(({ task, attempt }) => [task, attempt]), [[0, 2]]);
  two.succeed(two.tasks, double);
  const summary = await system.until(server.done);
  assertEquals(collected, [[0, 0]]);
  assertEquals([summary.outcome, summary.retried], ["complete", 1]);
});

Deno.test("server takes a task back for nothing when a node hands it back", async () => {
  const { job, collected } = numbers(1);
  const { join, server, settle, system } = await serve(job, { config: { maxAttempts: 1 } });
  const node = await join();
  for (let round = 1; round <= 10; round++) {
    const task = node.tasks.shift() as TaskEntry;
    assertEquals(task.attempt, round);
    node.fail(task, { kind: "handed-back" });
    await settle();
  }
  node.succeed(node.tasks, double);
  const summary = await system.until(server.done);
  assertEquals([summary.outcome, summary.retried, collected.length], ["complete", 0, 1]);
});

Deno.test("node that leaves in good order is no loss", async () => {
  const { job } = numbers(2);
  const { join, server, settle, system } = await serve(job, { config: { maxNodeLosses: 0 } });
  const leaver = await join();
  leaver.say({ type: "leave", reason: "walltime" });
  for (const task of leaver.tasks.splice(0)) leaver.fail(task, { kind: "handed-back" });
  await settle();
  assertEquals(leaver.tasks, [], "nothing is given to a node that leaves");
  leaver.connection.close();
  await settle();
  const other = await join();
  other.succeed(other.tasks, double);
  const summary = await system.until(server.done);
  assertEquals([summary.outcome, summary.nodesLost, summary.retried], ["complete", 0, 0]);
});

Deno.test("scheduler recalls a waiting task for a node that idles", async () => {
  const { job } = numbers(2);
  const { join, server, settle, system } = await serve(job);
  const busy = await join();
  assertEquals(busy.tasks.length, 2);
  const idle = await join();
  await settle();
  const recall = busy.control.find(({ type }) => type === "recall");
  assert(recall?.type === "recall");
  assertEquals(recall.attempts, [{ task: busy.tasks[1].task, attempt: 1 }]);
  busy.fail(busy.tasks[1], { kind: "handed-back" });
  await settle();
  assertEquals(idle.tasks.map(({ task, attempt }) => [task, attempt]), [[busy.tasks[1].task, 2]]);
  busy.succeed(busy.tasks[0], double);
  idle.succeed(idle.tasks, double);
  assertEquals((await system.until(server.done)).outcome, "complete");
});

Deno.test("late node takes work at once", async () => {
  const { job } = numbers(1_000);
  const { join, settle } = await serve(job);
  const first = await join();
  first.succeed(first.tasks.splice(0), double);
  await settle();
  const late = await join({ slots: 8 });
  assertEquals(late.tasks.length, 16);
});

Deno.test("slow collecting holds back grants", async () => {
  let release = () => {};
  const blocked = new Promise<void>((resolve) => release = resolve);
  const job = defineJob({
    name: identity.job,
    tasks: () => Array.from({ length: 1_000 }, (_, index) => index),
    compute: () => new Uint8Array(1024 * 1024),
    collect: () => blocked,
  });
  const { join, settle } = await serve(job);
  const node = await join();
  let granted = 0;
  for (let round = 0; round < 500 && node.tasks.length > 0; round++) {
    granted += node.tasks.length;
    node.succeed(node.tasks.splice(0), () => new Uint8Array(1024 * 1024));
    await settle();
  }
  assert(granted < 120, `${granted} results of 1 MiB were let in while none was collected`);
  release();
  await settle();
  assert(node.tasks.length > 0, "and grants go on once they are");
});

Deno.test("adaptive job waits for results before it makes more tasks", async () => {
  const sums: number[] = [];
  const job = defineJob({
    name: identity.job,
    state: () => ({ sum: 0 }),
    async *tasks(_options, { state, settled }) {
      for (let round = 0; round < 3; round++) {
        yield round;
        yield round;
        await settled();
        sums.push(state.sum);
      }
    },
    compute: (task) => task + 1,
    collect: (result, _task, { state }) => void (state.sum += result),
  });
  const { join, server, settle, system } = await serve(job);
  const node = await join();
  for (let round = 0; round < 3; round++) {
    await settle();
    assertEquals(node.tasks.length, 2);
    node.succeed(node.tasks.splice(0), (data) => (data as number) + 1);
    await settle();
  }
  assertEquals((await system.until(server.done)).outcome, "complete");
  assertEquals(sums, [2, 6, 12]);
});

Deno.test("any order in which actors run leads to the same result, though nodes come and go", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { job, collected } = numbers(40);
    const { join, server, settle, system } = await serve(job, { seed });
    for (let round = 0; collected.length < 40; round++) {
      const node = await join({ slots: 1 + round % 3 });
      for (let step = 0; step < 3 && node.tasks.length > 0; step++) {
        const tasks = node.tasks.splice(0);
        if (round % 4 === 1) node.fail(tasks.pop()!, { kind: "handed-back" });
        node.succeed(tasks, double);
        if (round % 2) node.succeed(tasks, double);
        await settle();
      }
      if (collected.length < 40) node.connection.abort();
      await settle();
    }
    assertEquals((await system.until(server.done)).outcome, "complete", `seed ${seed}`);
    assertEquals(inOrder(collected), doubled(40), `seed ${seed}`);
  }
});
