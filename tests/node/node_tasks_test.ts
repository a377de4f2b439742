import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { encodePayload } from "../../actors/remote/payload.ts";
import type { WireMessage } from "../../actors/remote/protocol.ts";
import type { JobNode, TaskContext } from "../../job/types.ts";
import { failureIn, valuesOf } from "./fake_server.ts";
import { pause } from "./fake_worker.ts";
import { simulate, type Simulation } from "./simulation.ts";

type Clock = Simulation["test"]["clock"];
type Compute = (data: unknown, context: TaskContext) => unknown;

const computing = (compute: Compute) => (): JobNode => ({ processDataFromServer: compute });

Deno.test("each worker prepares its half of the job once a session, before its first task", async () => {
  const calls: unknown[] = [];
  const half = (_: Clock, options: Record<string, unknown>): JobNode => ({
    setInitialData: async (node, data) => {
      calls.push([options.scale, node, data]);
      await undefined;
    },
    processDataFromServer: (data) => {
      calls.push(data);
      return data;
    },
  });
  await simulate({ half, node: { workers: 2 } }, async ({ test, accept }) => {
    const greeting = { options: { scale: 3 }, initial: new Float64Array([1, 2]), heartbeatMs: 10_000 };
    const peer = await accept(greeting);
    peer.give(["a", "b"]);
    await test.until(peer.results(2));
    const prepared = [3, "00000000000000aa", new Float64Array([1, 2])];
    assertEquals(calls.slice(0, 2), [prepared, prepared]);
    assertEquals(calls.slice(2).sort(), ["a", "b"]);
    peer.abort();
    await accept({ ...greeting, node: "00000000000000bb", initial: undefined });
    await test.advance(1);
    assertEquals(calls.slice(4), Array(2).fill([3, "00000000000000bb", undefined]));
  });
});

Deno.test("a setInitialData that fails is the failure of every task, with its stack", async () => {
  const half = (): JobNode => ({
    setInitialData: () => {
      throw new RangeError("scale is 0");
    },
    processDataFromServer: () => 1,
  });
  await simulate({ half }, async ({ test, accept }) => {
    const peer = await accept();
    peer.give([1, 2]);
    for (const result of await test.until(peer.results(2))) {
      const { kind, name, message, stack } = failureIn(result);
      assertEquals([kind, name, message], ["error", "RangeError", "setInitialData failed: scale is 0"]);
      assertStringIncludes(stack!, "node_tasks_test.ts");
    }
    assertStringIncludes((await test.until(peer.controls("log")))[0].text, "scale is 0");
  });
});

Deno.test("what goes wrong with a task is reported with its kind, and the next task is computed", async () => {
  const compute: Compute = (data) => {
    if (data === "throw") throw new TypeError("no such cell");
    if (data === "throw text") throw "oops";
    if (data === "reject") return Promise.reject(new Error("later"));
    if (data === "function") return { rows: [{ callback: () => {} }] };
    return data;
  };
  await simulate({ half: computing(compute) }, async ({ test, accept, node }) => {
    const peer = await accept();
    peer.give(["throw", "throw text", "reject", "function"]);
    peer.send({ kind: "tasks", tasks: [{ task: 4, attempt: 2, timeoutMs: 0, payload: new Uint8Array([1, 2, 3]) }] });
    peer.give(["fine"], { first: 5 });
    const results = await test.until(peer.results(6));
    const failures = results.slice(0, 5).map(failureIn);
    assertEquals(failures.map(({ kind }) => kind), ["error", "error", "error", "encode", "decode"]);
    assertEquals(failures[0].name, "TypeError");
    assertStringIncludes(failures[0].stack!, "node_tasks_test.ts");
    assertStringIncludes(failures[1].message, '"oops"');
    assertEquals(failures[2].message, "later");
    assertStringIncludes(failures[3].message, "result.rows[0].callback");
    assertEquals(results[4].attempt, 2);
    assertEquals(valuesOf(results.slice(5)).get(5), "fine");
    const { computed, failed } = node.status();
    assertEquals([computed, failed], [1, 5]);
  });
});

Deno.test("many short tasks travel together, and none is computed twice or lost", async () => {
  let computed = 0;
  const half = computing((data) => {
    computed++;
    return data;
  });
  await simulate({ half, node: { workers: 3 } }, async ({ test, accept }) => {
    const peer = await accept();
    const count = 20_000;
    for (let first = 0; first < count; first += 1000) {
      peer.give(Array.from({ length: 1000 }, (_, i) => first + i), { first });
    }
    const values = valuesOf(await test.until(peer.results(count)));
    assertEquals(values.size, count);
    for (const [task, value] of values) assertEquals(value, task);
    assertEquals(computed, count);
    const frames = peer.received.filter(({ kind }) => kind === "results").length;
    assert(frames < 500, `${frames} frames of results`);
  });
});

Deno.test("a long task keeps no other one waiting behind it while a worker is free", async () => {
  const half = (clock: Clock): JobNode => ({
    processDataFromServer: async (data) => {
      await pause(clock, data as number);
      return data;
    },
  });
  await simulate({ half, node: { workers: 2 } }, async ({ test, accept }) => {
    const peer = await accept({ heartbeatMs: 100_000 });
    // Short ones first, so that more than one is thought to fit into a worker.
    peer.give(Array(40).fill(1));
    await test.until(peer.results(40));
    const startMs = test.clock.now();
    peer.give([10_000, 1, 1, 1, 1, 1], { first: 100 });
    await test.until(peer.results(45));
    assert(test.clock.now() - startMs < 50, `${test.clock.now() - startMs} ms`);
    await test.until(peer.results(46));
    assertEquals(test.clock.now() - startMs, 10_000);
  });
});

Deno.test("results do not wait for a task that goes on", async () => {
  const half = (clock: Clock): JobNode => ({
    processDataFromServer: (data) => data === 0 ? 0 : pause(clock, data as number).then(() => data),
  });
  await simulate({ half }, async ({ test, accept }) => {
    const peer = await accept({ heartbeatMs: 100_000 });
    peer.give([0, 0, 0]);
    await test.until(peer.results(3));
    const startMs = test.clock.now();
    peer.give([0, 0, 60_000], { first: 10 });
    await test.until(peer.results(5));
    assertEquals(test.clock.now() - startMs, 0);
  });
});

Deno.test("a large result arrives whole, among small ones", async () => {
  const half = computing((data) => new Uint8Array(data as number).fill(7));
  await simulate({ half }, async ({ test, accept }) => {
    const peer = await accept({ heartbeatMs: 100_000 });
    peer.give([1, 3_000_000, 2, 300_000]);
    const values = valuesOf(await test.until(peer.results(4)));
    const lengths = [0, 1, 2, 3].map((task) => (values.get(task) as Uint8Array).length);
    assertEquals(lengths, [1, 3_000_000, 2, 300_000]);
    assert((values.get(1) as Uint8Array).every((byte) => byte === 7));
  });
});

Deno.test("lines and progress of a task reach the server with its number and attempt, within limits", async () => {
  const half = (clock: Clock): JobNode => ({
    processDataFromServer: async (_, context) => {
      context.log("begun");
      for (let step = 0; step < 50; step++) {
        context.progress(step / 50);
        await pause(clock, 100);
      }
      context.progress(NaN);
      for (let line = 0; line < 3000; line++) context.log("again");
    },
  });
  await simulate({ half }, async ({ test, accept }) => {
    const peer = await accept({ heartbeatMs: 100_000 });
    peer.give([0], { first: 9, attempt: 2 });
    await test.until(peer.results(1));
    await test.advance(2000);
    const progress = await test.until(peer.controls("progress"));
    assertEquals(progress.map(({ fraction }) => fraction), [0, 0.2, 0.4, 0.6, 0.8]);
    assertEquals([progress[0].task, progress[0].attempt], [9, 2]);
    const lines = await test.until(peer.controls("log"));
    assertEquals(lines[0], { type: "log", level: "info", text: "begun", task: 9, attempt: 2 });
    assertEquals(lines.length, 1002);
    assertStringIncludes(lines[1001].text, "suppressed 2000 lines");
  });
});

Deno.test("messages travel between both halves of the job, also while a task runs", async () => {
  const half = (clock: Clock): JobNode => {
    let heard: unknown;
    return {
      setInitialData: () => pause(clock, 100),
      customMessage: (message) => {
        if (message === "bad") throw new Error("cannot hear this");
        heard = message;
      },
      processDataFromServer: async (_, context) => {
        const first = heard;
        await pause(clock, 1000);
        context.send({ first, second: heard });
      },
    };
  };
  await simulate({ half, node: { workers: 2 } }, async ({ test, accept }) => {
    const peer = await accept({ heartbeatMs: 100_000 });
    // Both workers have still to load and to prepare themselves.
    peer.send({ kind: "custom", payload: encodePayload("early") });
    peer.give([0, 0]);
    await test.advance(500);
    peer.send({ kind: "custom", payload: encodePayload("bad") });
    peer.send({ kind: "custom", payload: encodePayload("late") });
    await test.until(peer.results(2));
    const sent = peer.received.filter(({ kind }) => kind === "custom");
    const expected: WireMessage = { kind: "custom", payload: encodePayload({ first: "early", second: "late" }) };
    assertEquals(sent, [expected, expected]);
    const complaints = await test.until(peer.controls("log", 2));
    for (const { level, text } of complaints) {
      assertEquals(level, "error");
      assertStringIncludes(text, "customMessage failed: Error: cannot hear this");
    }
  });
});

Deno.test("messages that a worker does not come to read are bounded, and the loss is told", async () => {
  const heard: unknown[] = [];
  const half = (clock: Clock): JobNode => ({
    setInitialData: () => pause(clock, 10_000),
    customMessage: (message) => void heard.push(message),
    processDataFromServer: () => {},
  });
  await simulate({ half }, async ({ test, accept }) => {
    const peer = await accept({ heartbeatMs: 100_000 });
    await test.advance(100);
    for (let n = 0; n < 1500; n++) peer.send({ kind: "custom", payload: encodePayload(n) });
    await test.advance(100);
    const lines = await test.until(peer.controls("log"));
    // The 1st, 2nd, 4th ... 256th.
    assertEquals(lines.length, 9);
    assertStringIncludes(lines[8].text, "dropped 256 messages of the server's half of the job up to now");
    await test.advance(10_000);
    assertEquals(heard, Array.from({ length: 1000 }, (_, n) => n));
    peer.send({ kind: "custom", payload: encodePayload("late") });
    await test.advance(1);
    assertEquals(heard.at(-1), "late");
  });
});

Deno.test("a message that cannot travel is an error in the task that sends it", async () => {
  const half = computing((_, context) => context.send({ deep: [() => {}] }));
  await simulate({ half }, async ({ test, accept }) => {
    const peer = await accept();
    peer.give([0]);
    assertStringIncludes(failureIn((await test.until(peer.results(1)))[0]).message, "message.deep[0]");
  });
});
