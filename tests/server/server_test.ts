import { assert, assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import type { TaskEntry } from "../../actors/remote/protocol.ts";
import { defineJob } from "../../job/mod.ts";
import { identity } from "./fake_node.ts";
import { serve } from "./harness.ts";
import { double, doubled, inOrder, numbers } from "./numbers.ts";

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

Deno.test("server answers the heartbeats of a node that hears nothing else, so that it knows of its life", async () => {
  const { join, system } = await serve(numbers(1).job);
  const node = await join();
  const answersAfter = async (beats: number) => {
    for (let beat = 0; beat < beats; beat++) {
      await system.advance(1_000);
      node.say({ type: "heartbeat", busy: 1, queued: 0 });
      await system.runUntilIdle();
    }
    return node.control.filter(({ type }) => type === "heartbeat").length;
  };
  // No more than two heartbeats pass without a word.
  assertEquals([await answersAfter(2), await answersAfter(2), await answersAfter(6)], [1, 2, 5]);
});

Deno.test("server lets the answer be if a node has just heard something", async () => {
  const { job } = numbers(100);
  const { join, system } = await serve(job);
  const node = await join();
  for (let beat = 0; beat < 10; beat++) {
    await system.advance(1_000);
    node.succeed(node.tasks.splice(0, 1), double);
    node.say({ type: "heartbeat", busy: 1, queued: 0 });
    await system.runUntilIdle();
  }
  assertEquals(node.control.filter(({ type }) => type === "heartbeat"), []);
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

Deno.test("server ends the job when a task has outlived too many nodes", async () => {
  const { job } = numbers(1);
  const { join, server, settle, system } = await serve(job, { config: { maxNodeLosses: 2 } });
  for (let loss = 0; loss < 3; loss++) {
    const node = await join({ name: `n${loss}` });
    assertEquals(node.tasks.length, 1);
    node.connection.abort();
    await settle();
    if (loss === 1) await system.advance(2_500);
  }
  const summary = await system.until(server.done);
  assertEquals(summary.outcome, "failed");
  assertMatch(summary.reason!, /task 0 was with 3 nodes that were lost, last with node n2/);
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

Deno.test("server refuses a node of another version, job, code or token, and goes on", async () => {
  const { job } = numbers(1);
  const token = "the right secret";
  const { join, server, system, log } = await serve(job, { config: { token } });
  const cases = [
    [{ identity: { package: "9.9.9" } }, "version-mismatch", ["9.9.9", "1.2.3"]],
    [{ identity: { job: "other" } }, "job-mismatch", ["other", "test"]],
    [{ identity: { codeHash: "cd".repeat(32) } }, "code-mismatch", ["abababab", "cdcdcdcd"]],
    [{ token: undefined }, "token-required", []],
    [{ token: "another long secret" }, "token-mismatch", []],
  ] as const;
  for (const [change, code, values] of cases) {
    const node = await join({ token, ...change });
    assertEquals(node.refusal()?.code, code);
    for (const value of values) assertStringIncludes(node.refusal()!.message, value);
  }
  assertEquals(log.filter((line) => line.startsWith("error")), []);
  const good = await join({ token });
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

Deno.test("server's end is bounded though the job's tasks are stuck in a wait", async () => {
  const job = defineJob({
    name: identity.job,
    async *tasks() {
      yield 1;
      await new Promise(() => {});
    },
    compute: double,
  });
  const { join, server, system } = await serve(job);
  await join();
  server.stop("enough");
  const summary = await system.until(server.done, { maxMs: 20_000 });
  assertEquals(summary.outcome, "stopped");
});
