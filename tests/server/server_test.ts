import { assert, assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import type { TaskEntry } from "../../actors/remote/protocol.ts";
import { defineJob } from "../../job/mod.ts";
import { identity } from "./fake_node.ts";
import { serve } from "./harness.ts";

const double = (data: unknown) => (data as number) * 2;

/** A job of so many numbers that notes what is collected, and how it ended. */
function numbers(count: number, initial?: unknown) {
  const collected: [number, number][] = [];
  const ends: string[] = [];
  const job = defineJob({
    name: identity.job,
    tasks: () => Array.from({ length: count }, (_, index) => index),
    initial: () => initial,
    compute: double,
    collect: (result, task) => void collected.push([task, result as number]),
    finish: (summary) => void ends.push(summary.outcome),
  });
  return { job, collected, ends };
}

const inOrder = (pairs: readonly [number, number][]) => [...pairs].sort(([a], [b]) => a - b);
const doubled = (count: number) => Array.from({ length: count }, (_, index) => [index, index * 2]);

Deno.test("server hands out tasks, collects each once, tells the node and ends", async () => {
  const { job, collected, ends } = numbers(5, { scale: 7 });
  const { join, server, settle, system } = await serve(job);
  const node = await join();
  assertEquals(node.values, [{ scale: 7 }]);
  assertEquals(node.tasks.length, 2, "one for the slot, one behind it");
  while (node.tasks.length > 0) {
    node.succeed(node.tasks.splice(0), double);
    await settle();
  }
  assertEquals(inOrder(collected), doubled(5));
  const [finished] = node.control;
  assert(finished.type === "finished" && finished.outcome === "complete");
  const summary = await system.until(server.done);
  assertEquals([summary.outcome, summary.collected, summary.retried, summary.dropped, summary.nodes], [
    "complete",
    5,
    0,
    0,
    1,
  ]);
  assertEquals(ends, ["complete"]);
});

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

Deno.test("server answers each heartbeat, so that a node knows that it is alive", async () => {
  const { join, settle } = await serve(numbers(1).job);
  const node = await join();
  for (let beat = 1; beat <= 3; beat++) {
    node.say({ type: "heartbeat", busy: 1, queued: 0 });
    await settle();
    assertEquals(node.control.filter(({ type }) => type === "heartbeat").length, beat);
  }
});

Deno.test("server stalled for many heartbeats loses no node", async () => {
  const { join, system, log } = await serve(numbers(1).job);
  const node = await join();
  for (let round = 0; round < 3; round++) {
    system.stall(5_000);
    await system.runUntilIdle();
    node.say({ type: "heartbeat" });
    await system.advance(1_000);
  }
  assert(!log.some((line) => line.includes("lost")), log.join("\n"));
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

Deno.test("server ends a job whose task fails in all its attempts, with node, task, error and stack", async () => {
  const { job, ends } = numbers(1);
  const { join, server, settle, system } = await serve(job, { config: { maxAttempts: 3 } });
  const node = await join({ name: "lab-3" });
  for (let attempt = 1; attempt <= 3; attempt++) {
    const task = node.tasks.shift() as TaskEntry;
    assertEquals(task.attempt, attempt);
    node.fail(task, {
      name: "RangeError",
      message: "too hot",
      stack: "RangeError: too hot\n    at compute (job.ts:7:1)",
    });
    await settle();
  }
  const summary = await system.until(server.done);
  assertEquals([summary.outcome, summary.failed, summary.retried], ["failed", 1, 2]);
  assertMatch(summary.reason!, /^task 0 failed 3 times, last in attempt 3 on node lab-3: RangeError: too hot/);
  assertStringIncludes(summary.reason!, "at compute (job.ts:7:1)");
  const last = node.control.at(-1);
  assert(last?.type === "finished" && last.outcome === "failed" && !last.message.includes("\n"));
  assertEquals(ends, ["failed"]);
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

Deno.test("server ends the job when a task has outlived too many nodes", async () => {
  const { job } = numbers(1);
  const { join, server, settle, system } = await serve(job, { config: { maxNodeLosses: 2 } });
  for (let loss = 0; loss < 3; loss++) {
    const node = await join({ name: `n${loss}` });
    assertEquals(node.tasks.length, 1);
    node.connection.abort();
    await settle();
  }
  const summary = await system.until(server.done);
  assertEquals(summary.outcome, "failed");
  assertMatch(summary.reason!, /task 0 was with 3 nodes that were lost, last with node n2/);
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

Deno.test("user code that throws on the server ends the job with its stack, and nodes are told", async () => {
  const broken: [string, Parameters<typeof defineJob>[0], RegExp][] = [
    ["collect", {
      name: identity.job,
      tasks: () => [1],
      compute: double,
      collect: () => {
        throw new Error("no room");
      },
    }, /collecting the result of task 0 of the job failed: Error: no room\n {4}at/],
    ["async collect", {
      name: identity.job,
      tasks: () => [1],
      compute: double,
      collect: () => Promise.reject(new Error("no room")),
    }, /collecting the result of task 0 of the job failed: Error: no room/],
    ["tasks", {
      name: identity.job,
      *tasks() {
        yield 1;
        throw new Error("bad line 2");
      },
      compute: double,
    }, /the next task of the job failed: Error: bad line 2\n {4}at/],
    ["a task that cannot travel", {
      name: identity.job,
      tasks: () => [{ deep: [() => 1] }],
      compute: double,
    }, /the next task of the job failed: PayloadError: .*task 0\.deep\[0\]/],
    ["initial", {
      name: identity.job,
      tasks: () => [1],
      initial: () => {
        throw new Error("no file");
      },
      compute: double,
    }, /initialData of the job failed: Error: no file/],
    ["finish", {
      name: identity.job,
      tasks: () => [1],
      compute: double,
      finish: () => {
        throw new Error("disk full");
      },
    }, /finishing the job failed: Error: disk full/],
  ];
  for (const [what, definition, reason] of broken) {
    const { join, server, settle, system } = await serve(defineJob(definition));
    const node = await join();
    if (node.tasks.length > 0) node.succeed(node.tasks, () => 1);
    await settle();
    const summary = await system.until(server.done);
    assertEquals(summary.outcome, "failed", what);
    assertMatch(summary.reason!, reason, what);
    assertEquals(node.control.at(-1)?.type, "finished", what);
  }
});

Deno.test("server refuses a node of another version, job, code or key, and goes on", async () => {
  const { job } = numbers(1);
  const { join, server, system, log } = await serve(job, { config: { key: "right" } });
  const cases = [
    [{ identity: { package: "9.9.9" } }, "version-mismatch", ["9.9.9", "1.2.3"]],
    [{ identity: { job: "other" } }, "job-mismatch", ["other", "test"]],
    [{ identity: { codeHash: "cd".repeat(32) } }, "code-mismatch", ["abababab", "cdcdcdcd"]],
    [{ key: undefined }, "key-required", []],
    [{ key: "wrong" }, "key-mismatch", []],
  ] as const;
  for (const [change, code, values] of cases) {
    const node = await join({ key: "right", ...change });
    assertEquals(node.refusal()?.code, code);
    for (const value of values) assertStringIncludes(node.refusal()!.message, value);
  }
  assertEquals(log.filter((line) => line.startsWith("error")), []);
  const good = await join({ key: "right" });
  good.succeed(good.tasks, double);
  assertEquals((await system.until(server.done)).outcome, "complete");
});

Deno.test("server stops by request, tells nodes, and counts what was done", async () => {
  const { job, ends } = numbers(100);
  const { join, server, settle, system } = await serve(job);
  const node = await join();
  node.succeed(node.tasks.splice(0), double);
  await settle();
  server.stop("stopped by the operator");
  const summary = await system.until(server.done);
  assertEquals([summary.outcome, summary.reason, summary.collected], ["stopped", "stopped by the operator", 2]);
  const last = node.control.at(-1);
  assert(last?.type === "finished" && last.outcome === "stopped");
  assertEquals(ends, ["stopped"]);
});

Deno.test("server's end is bounded though a node never hangs up", async () => {
  const { job } = numbers(1);
  const { join, server, system } = await serve(job);
  const stuck = await join();
  stuck.succeed(stuck.tasks, double);
  await system.until(server.done, { maxMs: 5_000 });
});

Deno.test("job without tasks, and a job whose last node has left, are complete without a node", async () => {
  const empty = await serve(numbers(0).job);
  assertEquals((await empty.system.until(empty.server.done)).outcome, "complete");
  const { job } = numbers(1);
  const { join, server, settle, system } = await serve(job);
  const node = await join();
  node.succeed(node.tasks, double);
  node.say({ type: "leave", reason: "done" });
  node.connection.close();
  await settle();
  assertEquals((await system.until(server.done)).outcome, "complete");
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

Deno.test("server says how far the job is", async () => {
  const { job } = numbers(10);
  const { join, progress, system } = await serve(job);
  const node = await join({ slots: 2 });
  node.say({ type: "progress", task: node.tasks[0].task, attempt: 1, fraction: 0.5 });
  await system.advance(300);
  const before = progress.at(-1)!;
  assertEquals([before.collected, before.running, before.total, before.nodes, before.slots], [0, 4, 10, 1, 2]);
  assertEquals(before.etaMs, undefined);
  node.succeed(node.tasks.splice(0), double);
  await system.advance(500);
  const after = progress.at(-1)!;
  assertEquals(after.collected, 4);
  assert(after.ratePerSecond > 0 && after.etaMs! > 0);
});

Deno.test("log lines of user code reach the server's log with node, task and attempt", async () => {
  const { join, settle, log } = await serve(numbers(1).job);
  const node = await join({ name: "lab-3" });
  node.say({ type: "log", level: "warn", text: "converged slowly", task: 0, attempt: 1 });
  await settle();
  assert(log.includes('warn: converged slowly {"node":"lab-3","task":0,"attempt":1}'), log.join("\n"));
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
