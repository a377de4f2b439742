import { assert, assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { defineJob } from "../../job/mod.ts";
import type { TaskNeeds } from "../../job/types.ts";
import { identity } from "./fake_node.ts";
import { serve } from "./harness.ts";
import { double, doubled, inOrder, numbers } from "./numbers.ts";

Deno.test("server acknowledges each result once it is safe, also those that it drops", async () => {
  const { job } = numbers(4);
  const { join, settle } = await serve(job);
  const node = await join();
  const [task] = node.tasks;
  node.succeed(task, double);
  await settle();
  assertEquals(node.acks, ["0/1"]);
  node.succeed(task, double);
  node.fail(node.tasks[1], { kind: "handed-back" });
  await settle();
  assertEquals(node.acks.sort(), ["0/1", "0/1", "1/1"]);
});

Deno.test("node that comes back goes on with what it held, and no task is given twice", async () => {
  const { job, collected } = numbers(2);
  const { join, server, settle, system } = await serve(job);
  const before = await join();
  assertEquals(before.tasks.length, 2);
  before.connection.abort();
  await settle();
  const after = await join({ was: before });
  assertEquals([after.welcome().resumed, after.welcome().node], [true, before.welcome().node]);
  assertEquals(after.values, [], "no initial data for a node that has it");
  after.holds(before.tasks);
  await settle();
  assertEquals(after.tasks, [], "it has them already");
  after.succeed(before.tasks, double);
  const summary = await system.until(server.done);
  assertEquals(inOrder(collected), doubled(2));
  assertEquals([summary.nodes, summary.nodesLost, summary.outcome], [1, 0, "complete"]);
  assertEquals(summary.retried, 0, "nothing was made again");
});

Deno.test("result of a node that was cut off counts, and the copy made meanwhile is cancelled", async () => {
  const { job, collected } = numbers(1);
  const { join, server, settle, system } = await serve(job);
  const away = await join({ name: "away" });
  away.connection.abort();
  await settle();
  const helper = await join({ name: "helper" });
  assertEquals(helper.tasks.map(({ attempt }) => attempt), [2]);
  const back = await join({ name: "away", was: away });
  back.holds(away.tasks);
  back.succeed(away.tasks, double);
  await settle();
  assertEquals(collected, [[0, 0]]);
  assertEquals(back.acks, ["0/1"]);
  const cancel = helper.control.find(({ type }) => type === "cancel");
  assertEquals(cancel, { type: "cancel", attempts: [{ task: 0, attempt: 2 }] });
  const summary = await system.until(server.done);
  assertEquals([summary.collected, summary.retried], [1, 1]);
});

Deno.test("node of another run is taken as a new one", async () => {
  const first = await serve(numbers(2).job);
  const old = await first.join();
  const second = await serve(numbers(2).job);
  const node = await second.join({ was: old });
  assertEquals([node.welcome().resumed, node.welcome().run === old.welcome().run], [false, false]);
  assertEquals(node.tasks.length, 2);
});

Deno.test("node that dials in again before its old connection is known to be lost replaces it", async () => {
  const { job, collected } = numbers(2);
  const { join, server, settle, system, log } = await serve(job);
  const before = await join();
  const after = await join({ was: before });
  after.holds(before.tasks);
  await settle();
  assertEquals((await before.connection.closed).reason, "peer");
  after.succeed(before.tasks, double);
  const summary = await system.until(server.done);
  assertEquals([summary.collected, summary.nodesLost, collected.length], [2, 0, 2]);
  assert(!log.some((line) => line.includes("is lost")), log.join("\n"));
});

Deno.test("task that its node named and no longer names, without a result, goes out again at once", async () => {
  const { job } = numbers(2);
  const { join, settle, system, log } = await serve(job);
  const node = await join();
  const [kept, missing] = node.tasks.splice(0);
  await system.advance(100);
  node.holds([kept, missing]);
  await system.advance(100);
  node.holds([kept]);
  await settle();
  assertEquals(node.tasks.map(({ task, attempt }) => [task, attempt]), [[missing.task, 2]]);
  assert(log.some((line) => line.includes("no longer has what it was given")));
});

Deno.test("task that is under way to its node for many heartbeats is not taken for lost", async () => {
  const { job, collected } = numbers(2);
  const { join, server, settle, system } = await serve(job);
  const node = await join();
  const tasks = node.tasks.splice(0);
  for (let beat = 0; beat < 5; beat++) {
    node.say({ type: "heartbeat" });
    node.holds([]);
    await system.advance(1_000);
  }
  assertEquals(node.tasks, [], "the connection lasts, so they will arrive");
  node.holds(tasks);
  node.succeed(tasks, double);
  await settle();
  assertEquals(node.control.filter(({ type }) => type === "cancel"), []);
  const summary = await system.until(server.done);
  assertEquals([inOrder(collected), summary.dropped], [doubled(2) as [number, number][], 0]);
});

Deno.test("task that a node was given and does not bring back is with another at once", async () => {
  const { job } = numbers(2);
  const { join, settle } = await serve(job);
  const before = await join({ name: "forgetful" });
  const [kept, missing] = before.tasks;
  before.connection.abort();
  await settle();
  const after = await join({ name: "forgetful", was: before });
  assertEquals(after.tasks, [], "it must say first what it holds");
  after.holds([kept]);
  await settle();
  assertEquals(after.tasks.map(({ task, attempt }) => [task, attempt]), [[missing.task, 2]]);
});

Deno.test("server has a node cancel what nobody waits for", async () => {
  const { job } = numbers(2);
  const { join, settle } = await serve(job);
  const node = await join();
  node.holds([...node.tasks, { task: 0, attempt: 9 }, { task: 77, attempt: 1 }]);
  await settle();
  const cancel = node.control.find(({ type }) => type === "cancel");
  assert(cancel?.type === "cancel");
  assertEquals(cancel.attempts, [{ task: 0, attempt: 9 }, { task: 77, attempt: 1 }]);
});

Deno.test("straggler is computed a second time where a slot is idle; the first result counts", async () => {
  const { job, collected } = numbers(6);
  const { join, server, settle, system } = await serve(job);
  const slow = await join({ name: "slow", slots: 1 });
  const fast = await join({ name: "fast", slots: 4 });
  const stuck = slow.tasks[0];
  for (const task of slow.tasks.slice(1)) slow.fail(task, { kind: "handed-back" });
  await settle();
  const beat = () => {
    for (const node of [slow, fast]) node.say({ type: "heartbeat" });
  };
  for (let round = 0; round < 40; round++) {
    const copies = fast.tasks.splice(0);
    const copy = copies.find(({ task }) => task === stuck.task);
    fast.succeed(copies.filter((task) => task !== copy), double);
    beat();
    await system.advance(250);
    if (!copy) continue;
    assertEquals(copy.attempt, 2);
    fast.succeed(copy, double);
    await settle();
    assert(slow.control.some(({ type }) => type === "cancel"));
    slow.succeed(stuck, double);
    const summary = await system.until(server.done);
    assertEquals([summary.speculated, summary.collected, summary.outcome], [1, 6, "complete"]);
    assertEquals(inOrder(collected), doubled(6));
    return;
  }
  throw new Error("no copy of the straggler was made");
});

Deno.test("no copy of a straggler is made with --no-speculate", async () => {
  const { join, system } = await serve(numbers(5).job, { config: { speculate: false } });
  const slow = await join();
  const fast = await join({ slots: 4 });
  fast.succeed(fast.tasks.splice(0), double);
  for (let round = 0; round < 80; round++) {
    for (const node of [slow, fast]) node.say({ type: "heartbeat" });
    for (const task of fast.tasks.splice(0)) {
      assert(!slow.tasks.some((other) => other.task === task.task && task.attempt > 1), "a copy was made");
      fast.succeed(task, double);
    }
    await system.advance(250);
  }
});

Deno.test("node on which everything fails is paused while others do better, and tried again", async () => {
  const { job } = numbers(200);
  const { join, settle, system, log } = await serve(job, { config: { maxAttempts: 100 } });
  const good = await join({ name: "good", slots: 2 });
  const bad = await join({ name: "bad", slots: 2 });
  const work = () => {
    good.succeed(good.tasks.splice(0), double);
    for (const task of bad.tasks.splice(0)) bad.fail(task, { message: "no such library" });
    for (const node of [good, bad]) node.say({ type: "heartbeat" });
  };
  for (let round = 0; round < 4; round++) {
    work();
    await settle();
  }
  assert(log.some((line) => line.startsWith("error: node bad is paused")), log.join("\n"));
  assertEquals(bad.tasks, []);
  for (let passed = 0; passed < 32_000; passed += 500) {
    for (const node of [good, bad]) node.say({ type: "heartbeat" });
    await system.advance(500);
  }
  assertEquals(bad.tasks.length, 1, "one task at a time from then on");
  bad.succeed(bad.tasks.splice(0), double);
  await settle();
  assert(bad.tasks.length > 1);
});

Deno.test("task that fails for good is left out with --on-failure skip, and the summary names it", async () => {
  const { job, collected, ends } = numbers(4);
  const { join, server, settle, system } = await serve(job, { config: { onFailure: "skip", maxAttempts: 2 } });
  const node = await join({ name: "lab-3" });
  for (let round = 0; round < 20; round++) {
    for (const task of node.tasks.splice(0)) {
      if (task.task === 2) node.fail(task, { name: "RangeError", message: "too hot" });
      else node.succeed(task, double);
    }
    await settle();
  }
  const summary = await system.until(server.done);
  assertEquals([summary.outcome, summary.collected, summary.failed], ["complete", 3, 1]);
  const [failure] = summary.failures;
  assertEquals([failure.task, failure.attempts, failure.outcome], [2, 2, "failed"]);
  assertEquals(failure.evidence.map(({ node, attempt }) => [node, attempt]), [["lab-3", 1], ["lab-3", 2]]);
  assertStringIncludes(failure.reason, "too hot");
  assertEquals([collected.length, ends], [3, ["complete"]]);
});

for (const how of ["its connection ended", "nothing heard for more than 1.75 heartbeats"] as const) {
  Deno.test(`task that ends node after node is quarantined with its evidence (${how})`, async () => {
    const { job } = numbers(1);
    const { join, server, settle, system } = await serve(job, { config: { onFailure: "skip", maxNodeLosses: 2 } });
    for (let loss = 1; loss <= 3; loss++) {
      const node = await join({ name: `lab-${loss}` });
      assertEquals(node.tasks.map(({ attempt }) => attempt), [loss], "the limit is exact");
      if (how === "its connection ended") node.connection.abort();
      else await system.advance(2_000);
      await settle();
      // Lost more than once, it waits until what is lost with it is known.
      if (loss === 2) await system.advance(2_500);
    }
    const summary = await system.until(server.done);
    assertEquals([summary.outcome, summary.failed, summary.retried, summary.nodesLost], ["complete", 1, 2, 3]);
    const [{ outcome, evidence, reason }] = summary.failures;
    assertEquals(outcome, "quarantined");
    assertEquals(evidence.map(({ attempt, node, failure }) => [attempt, node, failure.kind]), [
      [1, "lab-1", "node-lost"],
      [2, "lab-2", "node-lost"],
      [3, "lab-3", "node-lost"],
    ]);
    for (const { failure, at } of evidence) {
      assertStringIncludes(failure.message, how);
      assert(at >= 0 && at <= system.clock.now());
    }
    assertStringIncludes(reason, "last with node lab-3 in attempt 3");
  });
}

Deno.test("tasks go by priority, and only to nodes that have what they need", async () => {
  const job = defineJob({ name: identity.job, tasks: () => [1], compute: double });
  const needs: TaskNeeds[] = [
    { priority: 0 },
    { priority: 5 },
    { requires: { gpu: "1" } },
    { priority: 9, requires: { mem: ">=64g" } },
    { expectedMs: 3_600_000 },
  ];
  let next = 0;
  const original = job.book;
  const withNeeds = {
    ...job,
    book: (...given: Parameters<typeof original>) => ({
      ...original(...given),
      next: () =>
        next < needs.length
          ? { status: "unfinished" as const, data: next, needs: needs[next++] }
          : { status: "waiting" as const },
    }),
  };
  const { join, settle } = await serve(withNeeds);
  const plain = await join({ slots: 1, lifetimeMs: 60_000 });
  await settle();
  plain.succeed(plain.tasks.filter(({ task }) => task < 2), double);
  await settle();
  assertEquals(plain.tasks.map(({ task }) => task).slice(0, 2).sort(), [0, 1]);
  assert(!plain.tasks.some(({ task }) => task >= 2), "not the GPU task, nor the large one, nor the long one");
  const large = await join({ slots: 1, labels: { gpu: "1", mem: "128g" } });
  await settle();
  large.succeed(large.tasks, double);
  await settle();
  assertEquals(large.tasks.map(({ task }) => task).sort(), [2, 3, 4]);
  assertEquals(large.tasks[0].task, 3, "the highest priority first");
});

Deno.test("operator can pause, unpause, send a node home, remove one, and drain the server", async () => {
  const { job } = numbers(100);
  const { join, server, settle, system } = await serve(job);
  const one = await join({ name: "one" });
  server.pause();
  await settle();
  const two = await join({ name: "two" });
  assertEquals(two.tasks, []);
  server.unpause();
  await settle();
  assert(two.tasks.length > 0);

  server.drainNode(one.welcome().node);
  await settle();
  one.succeed(one.tasks.splice(0), double);
  await system.advance(1_000);
  const last = one.control.at(-1);
  assert(last?.type === "finished" && last.outcome === "stopped");
  assertEquals(one.tasks, []);

  const three = await join({ name: "three" });
  const held = three.tasks.length;
  assert(held > 0);
  server.removeNode(three.welcome().node);
  await settle();
  assertEquals((await system.until(three.connection.closed)).reason, "peer");

  server.drain();
  await settle();
  two.succeed(two.tasks.splice(0), double);
  const summary = await system.until(server.done);
  assertEquals(summary.outcome, "stopped");
  assertMatch(summary.reason!, /drained/);
});

Deno.test("lost tasks go to a node for which the job is still asked, for the job may wait for just them", async () => {
  const collected: number[] = [];
  const job = defineJob({
    name: identity.job,
    async *tasks(_options, { settled }) {
      yield 1;
      await settled();
      yield 2;
    },
    compute: (n) => n * 2,
    collect: (result) => void collected.push(result),
  });
  const { join, server, settle, system } = await serve(job);
  const first = await join();
  const second = await join();
  await settle();
  assertEquals([first.tasks.length, second.tasks.length], [1, 0]);
  first.connection.abort();
  await settle();
  assertEquals(second.tasks.map(({ task, attempt }) => [task, attempt]), [[0, 2]]);
  second.succeed(second.tasks.splice(0), double);
  await settle();
  second.succeed(second.tasks, double);
  assertEquals((await system.until(server.done)).outcome, "complete");
  assertEquals(collected, [2, 4]);
});
