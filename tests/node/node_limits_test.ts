import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import type { ResultEntry } from "../../actors/remote/protocol.ts";
import type { JobNode } from "../../job/types.ts";
import { failureIn, valuesOf } from "./fake_server.ts";
import { pause } from "./fake_worker.ts";
import { simulate, type Simulation } from "./simulation.ts";

type Clock = Simulation["test"]["clock"];

const calm = { heartbeatMs: 1_000_000 };

/** Tasks are durations; a negative one passes after its amount whatever happens, and "hang" never ends. */
const stubborn = (clock: Clock): JobNode => ({
  processDataFromServer: async (data, { signal }) => {
    if (data === "hang") await new Promise(() => {});
    const ms = data as number;
    await (ms < 0 ? pause(clock, -ms) : pause(clock, ms, signal));
    return data;
  },
});

const tasksOf = (results: readonly ResultEntry[]): number[] => results.map(({ task }) => task).sort((a, b) => a - b);

Deno.test("a task over its limit is reported with evidence, its worker replaced, all else computed", async () => {
  await simulate({ half: stubborn }, async ({ test, accept, workers }) => {
    const peer = await accept(calm);
    peer.give([1, 1, 1, 1, 1], { timeoutMs: 2000 });
    await test.until(peer.results(5));
    const startMs = test.clock.now();
    peer.give([1, "hang", 1, 1, 1], { first: 10, timeoutMs: 2000 });
    const results = (await test.until(peer.results(10))).slice(5);
    assertEquals(tasksOf(results), [10, 11, 12, 13, 14]);
    const culprit = results.find(({ task }) => task === 11)!;
    const { kind, name, message } = failureIn(culprit);
    assertEquals([kind, name], ["timeout", "TimeoutError"]);
    assertStringIncludes(message, "on node lab1 (00000000000000aa)");
    assertStringIncludes(message, "limit of 2.00 s (option --task-timeout)");
    assert(culprit.elapsedMs >= 2000 && culprit.elapsedMs < 2200, `${culprit.elapsedMs} ms`);
    assert(test.clock.now() - startMs < 2300, `${test.clock.now() - startMs} ms`);
    assertEquals(valuesOf(results.filter((each) => each !== culprit)).size, 4);
    assertEquals(workers.started.map((worker) => worker.isTerminated()), [true, false]);
  });
});

Deno.test("each task has the whole of its limit, however many are computed in a row", async () => {
  await simulate({ half: stubborn }, async ({ test, accept }) => {
    const peer = await accept(calm);
    peer.give(Array(20).fill(-900), { timeoutMs: 1000 });
    assertEquals(valuesOf(await test.until(peer.results(20))).size, 20);
  });
});

Deno.test("a time in which the whole node stood still does not count against a task", async () => {
  await simulate({ half: stubborn }, async ({ test, accept }) => {
    const peer = await accept(calm);
    peer.give([-5000], { timeoutMs: 10_000 });
    await test.advance(1000);
    test.stall(60_000);
    assertEquals(valuesOf(await test.until(peer.results(1))), new Map([[0, -5000]]));
  });
});

Deno.test("without a limit a task may take for ever", async () => {
  await simulate({ half: stubborn }, async ({ test, accept }) => {
    const peer = await accept(calm);
    peer.give([1.5e6]);
    assertEquals((await test.until(peer.results(1))).length, 1);
  });
});

Deno.test("a cancelled task sees its signal, and no result of it is sent", async () => {
  await simulate({ half: stubborn }, async ({ test, accept, node, workers }) => {
    const peer = await accept(calm);
    peer.give([60_000, 60_000, 5]);
    await test.advance(100);
    peer.control({ type: "cancel", attempts: [{ task: 0, attempt: 1 }, { task: 1, attempt: 1 }] });
    const results = await test.until(peer.results(1));
    assertEquals(tasksOf(results), [2]);
    assert(test.clock.now() < 200);
    assertEquals(workers.started.length, 1);
    assertEquals([node.status().busy, node.status().queued], [0, 0]);
  });
});

Deno.test("an attempt that is not here, or another attempt at a task, is not cancelled", async () => {
  await simulate({ half: stubborn }, async ({ test, accept }) => {
    const peer = await accept(calm);
    peer.give([1000], { attempt: 2 });
    await test.advance(10);
    peer.control({ type: "cancel", attempts: [{ task: 0, attempt: 1 }, { task: 99, attempt: 1 }] });
    assertEquals((await test.until(peer.results(1)))[0].attempt, 2);
    assert(test.clock.now() >= 1000);
  });
});

Deno.test("a worker that goes on with a cancelled task is replaced after the grace time", async () => {
  await simulate({ half: stubborn, node: { taskGraceMs: 700 } }, async ({ test, accept, workers }) => {
    const peer = await accept(calm);
    peer.give(["hang", 5]);
    await test.advance(100);
    const cancelledMs = test.clock.now();
    peer.control({ type: "cancel", attempts: [{ task: 0, attempt: 1 }] });
    assertEquals(tasksOf(await test.until(peer.results(1))), [1]);
    const ms = test.clock.now() - cancelledMs;
    assert(ms >= 700 && ms < 720, `${ms} ms`);
    assertEquals(workers.started.map((worker) => worker.isTerminated()), [true, false]);
  });
});

Deno.test("a worker that still computes for a lost session is replaced and serves the next one", async () => {
  await simulate({ half: stubborn }, async ({ test, accept, workers }) => {
    const first = await accept(calm);
    first.give(["hang"]);
    await test.advance(100);
    first.abort();
    const second = await accept(calm);
    second.give([5], { first: 7 });
    assertEquals(tasksOf(await test.until(second.results(1))), [7]);
    assertEquals(workers.started.length, 2);
  });
});

Deno.test("a task under which its worker ends is reported, and the others are computed", async () => {
  await simulate({ half: stubborn }, async ({ test, accept, workers }) => {
    const peer = await accept(calm);
    peer.give([1, 1, 1]);
    await test.until(peer.results(3));
    peer.give([1, 5000, 1, 1], { first: 10 });
    await test.advance(1000);
    workers.started[0].throwOutside(new TypeError("in a timer"));
    const results = (await test.until(peer.results(7))).slice(3);
    assertEquals(tasksOf(results), [10, 11, 12, 13]);
    const { kind, name, message, stack } = failureIn(results.find(({ task }) => task === 11)!);
    assertEquals([kind, name], ["worker-lost", "TypeError"]);
    assertStringIncludes(message, "in a timer");
    assertStringIncludes(stack!, "node_limits_test.ts");
    assertEquals(workers.started.length, 2);
  });
});

Deno.test("a worker that the runtime ends is replaced in the same way", async () => {
  await simulate({ half: stubborn }, async ({ test, accept, workers }) => {
    const peer = await accept(calm);
    peer.give([5000, 5]);
    await test.advance(1000);
    workers.started[0].fail("out of luck");
    const results = await test.until(peer.results(2));
    assertEquals(failureIn(results[0]).kind, "worker-lost");
    assertStringIncludes(failureIn(results[0]).message, "out of luck");
    assertEquals(tasksOf(results), [0, 1]);
  });
});

Deno.test("a large task that waits in a worker that fails is handed back, for its data is gone", async () => {
  const half = (clock: Clock): JobNode => ({
    processDataFromServer: (data) => data instanceof Uint8Array ? data.length : pause(clock, data as number),
  });
  await simulate({ half }, async ({ test, accept, workers }) => {
    const peer = await accept(calm);
    // Short ones first, so that more than one is thought to fit into a worker.
    peer.give([0, 0, 0]);
    await test.until(peer.results(3));
    const large = new Uint8Array(3_000_000);
    peer.give([5000, large, 0], { first: 10 });
    await test.advance(1000);
    workers.started[0].throwOutside(new TypeError("in a timer"));
    const results = (await test.until(peer.results(6))).slice(3);
    const kindOf = (task: number) => failureIn(results.find((each) => each.task === task)!).kind;
    assertEquals([kindOf(10), kindOf(11)], ["worker-lost", "handed-back"]);
    peer.give([large], { first: 11, attempt: 2 });
    const [again] = (await test.until(peer.results(7))).slice(6);
    assertEquals(valuesOf([again]), new Map([[11, 3_000_000]]));
  });
});

Deno.test("recalled tasks that have not begun are handed back, and those that run are not", async () => {
  await simulate({ half: stubborn }, async ({ test, accept, node }) => {
    const peer = await accept(calm);
    // A short one first, so that some of the others wait inside the worker.
    peer.give(Array(10).fill(0));
    await test.until(peer.results(10));
    peer.give([100, 100, 100, 100, 100], { first: 20 });
    await test.advance(10);
    const attempts = [20, 22, 24].map((task) => ({ task, attempt: 1 }));
    peer.control({ type: "recall", attempts });
    const handedBack = (await test.until(peer.results(12))).slice(10);
    assertEquals(tasksOf(handedBack), [22, 24]);
    assertEquals(handedBack.map((result) => failureIn(result).kind), ["handed-back", "handed-back"]);
    const rest = (await test.until(peer.results(15))).slice(12);
    assertEquals([...valuesOf(rest).keys()], [20, 21, 23]);
    assertEquals(node.status().failed, 0);
  });
});

Deno.test("cancelled tasks that wait inside a worker are never begun", async () => {
  const begun: unknown[] = [];
  const half = (clock: Clock): JobNode => ({
    processDataFromServer: async (data) => {
      begun.push(data);
      await pause(clock, data as number);
    },
  });
  await simulate({ half }, async ({ test, accept }) => {
    const peer = await accept(calm);
    peer.give(Array(10).fill(0));
    await test.until(peer.results(10));
    begun.length = 0;
    peer.give([101, 102, 103, 104], { first: 20 });
    await test.advance(10);
    peer.control({ type: "cancel", attempts: [21, 23].map((task) => ({ task, attempt: 1 })) });
    assertEquals(tasksOf((await test.until(peer.results(12))).slice(10)), [20, 22]);
    await test.advance(1000);
    assertEquals(begun, [101, 103]);
  });
});
