/** The node with real workers, in real time; nothing waits for longer than events take. */
import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import type { LogMessage } from "../../actors/remote/protocol.ts";
import { failureIn, valuesOf } from "./fake_server.ts";
import { taggedLines, withNode } from "./real_node.ts";

Deno.test("heartbeats go on while a worker computes without ever yielding", async () => {
  await withNode("many_ways", {}, async ({ server, node }) => {
    const peer = await server.accept({ heartbeatMs: 50 });
    peer.give([["spinForEver"]]);
    let busy = 0;
    for (let count = 1; busy < 5; count++) {
      const beats = await peer.controls("heartbeat", count);
      peer.control({ type: "heartbeat" });
      busy = beats.filter((beat) => beat.busy === 1).length;
    }
    peer.control({ type: "finished", outcome: "stopped", message: "" });
    assertEquals((await node.done).outcome, "finished");
  });
});

Deno.test("a task that never yields is ended at its limit, and what was behind it is computed", async () => {
  await withNode("many_ways", {}, async ({ server }) => {
    const peer = await server.accept({ heartbeatMs: 60_000 });
    peer.give(Array(50).fill(["echo", 1]), { timeoutMs: 300 });
    await peer.results(50);
    peer.give([["echo", 2], ["spinForEver"], ["echo", 3], ["echo", 4]], { first: 100, timeoutMs: 300 });
    const results = (await peer.results(54)).slice(50);
    const culprit = results.find(({ task }) => task === 101)!;
    assertEquals(failureIn(culprit).kind, "timeout");
    const values = valuesOf(results.filter((each) => each !== culprit));
    assertEquals([100, 102, 103].map((task) => values.get(task)), [2, 3, 4]);
  });
});

Deno.test("a worker that hangs between two tasks is replaced, and no task is blamed", async () => {
  await withNode("many_ways", { taskGraceMs: 100 }, async ({ server }) => {
    const peer = await server.accept({ heartbeatMs: 60_000 });
    peer.give([["leaveTimer"]], { timeoutMs: 200 });
    await peer.results(1);
    // The worker may come to this one before its timer; at the latest the next finds it hanging.
    for (let task = 1; task < 4; task++) {
      peer.give([["spin", 30]], { first: task, timeoutMs: 200 });
      await peer.results(task + 1);
    }
    assertEquals(valuesOf(await peer.results(4)).size, 4);
  });
});

Deno.test("cancelled tasks end by their signal, or with their worker", async () => {
  await withNode("many_ways", { taskGraceMs: 50 }, async ({ server }) => {
    const peer = await server.accept({ heartbeatMs: 60_000 });
    for (const [task, way] of ["waitForCancel", "ignoreCancel", "spinForEver"].entries()) {
      peer.give([[way]], { first: task });
      await taggedLines(peer, task + 1);
      peer.control({ type: "cancel", attempts: [{ task, attempt: 1 }] });
    }
    peer.give([["echo", 5]], { first: 3 });
    assertEquals(valuesOf(await peer.results(1)), new Map([[3, 5]]));
  });
});

Deno.test("errors that nothing catches are reported with their task, and the next task is computed", async () => {
  await withNode("many_ways", {}, async ({ server }) => {
    const peer = await server.accept({ heartbeatMs: 60_000 });
    peer.give([["throwLater"], ["rejectLater"], ["echo", 6]]);
    const results = await peer.results(3);
    const failures = results.slice(0, 2).map(failureIn);
    assertEquals(failures.map(({ kind, name }) => [kind, name]), [
      ["worker-lost", "TypeError"],
      ["worker-lost", "RangeError"],
    ]);
    assertStringIncludes(failures[0].message, "thrown in a timer");
    assertStringIncludes(failures[1].stack!, "many_ways.ts");
    assertEquals(valuesOf(results.slice(2)), new Map([[2, 6]]));
  });
});

Deno.test("what user code prints reaches the server with its level and its task", async () => {
  await withNode("many_ways", {}, async ({ server }) => {
    const peer = await server.accept({ heartbeatMs: 60_000 });
    peer.give([["print"]], { first: 8, attempt: 2 });
    await peer.results(1);
    const lines = await taggedLines(peer, 5);
    const brief = lines.map(({ level, text, attempt }: LogMessage) => [level, text.split("\n")[0], attempt]);
    assertEquals(brief.slice(0, 4), [
      ["info", "a line of 2 { deep: [ 1 ] }", 2],
      ["warn", "careful", 2],
      ["error", "Error: wrong", 2],
      ["debug", "detail", 2],
    ]);
    assertStringIncludes(lines[4].text, "(index)");
  });
});

Deno.test("user code can neither read files nor end its worker", async () => {
  await withNode("many_ways", {}, async ({ server }) => {
    const peer = await server.accept({ heartbeatMs: 60_000 });
    peer.give([["readFile"], ["close"], ["exit"], ["echo", 7]]);
    const results = await peer.results(4);
    const [read, close, exit] = results.slice(0, 3).map(failureIn);
    assertEquals(read.name, "NotCapable");
    assertStringIncludes(close.message, "Cannot end the worker by close()");
    assertStringIncludes(exit.message, "Cannot end the worker by Deno.exit()");
    assertEquals(valuesOf(results.slice(3)), new Map([[3, 7]]));
  });
});

Deno.test("a module that throws at import ends the node with its error", async () => {
  await withNode("throws_at_import", { workers: 2 }, async ({ node }) => {
    const { outcome, message } = await node.done;
    assertEquals(outcome, "failed");
    assertStringIncludes(message, "boom at import");
    assertStringIncludes(message, "throws_at_import.ts:2");
  });
});

Deno.test("a module that exports no job ends the node with what it exports", async () => {
  await withNode("no_job", {}, async ({ node }) => {
    const { outcome, message } = await node.done;
    assertEquals(outcome, "failed");
    assertStringIncludes(message, "no_job.ts");
    assert(!message.includes("\n"), message);
  });
});

Deno.test("a worker computes on while the connection is lost, and its result is delivered", async () => {
  await withNode("many_ways", { retryDelayMs: 10 }, async ({ server }) => {
    const first = await server.accept({ heartbeatMs: 60_000 });
    first.give([["logAndSpin", 300], ["echo", 9]]);
    await taggedLines(first, 1);
    first.abort();
    const second = await server.accept({ heartbeatMs: 60_000, resumed: true });
    assertEquals(await second.held(1), ["0/1", "1/1"]);
    assertEquals([...valuesOf(await second.results(2))], [[0, undefined], [1, 9]]);
  });
});

Deno.test("a task that never yields is computed to its end while its node drains, and no other is begun", async () => {
  await withNode("many_ways", {}, async ({ server, node }) => {
    const peer = await server.accept({ heartbeatMs: 60_000 });
    peer.give([["logAndSpin", 300], ["echo", 1], ["echo", 2]]);
    await taggedLines(peer, 1);
    node.stop("maintenance", { graceMs: 60_000 });
    const results = await peer.results(3);
    assertEquals(results.slice(0, 2).map((result) => failureIn(result).kind), ["handed-back", "handed-back"]);
    assertEquals([...valuesOf(results.slice(2)).keys()], [0]);
    assertEquals((await node.done).outcome, "stopped");
  });
});

Deno.test("a task that has too much memory while it waits is reported, and the next one is computed", async () => {
  await withNode("many_ways", { workerMemoryMb: 300 }, async ({ server }) => {
    const peer = await server.accept({ heartbeatMs: 60_000 });
    peer.give([["holdAndWait", 400], ["echo", 2]]);
    const results = await peer.results(2);
    const { kind, name, message } = failureIn(results[0]);
    assertEquals([kind, name], ["worker-lost", "MemoryLimitError"]);
    assertStringIncludes(message, "more than 300 MiB (option --worker-memory)");
    assertEquals(valuesOf(results.slice(1)), new Map([[1, 2]]));
  });
});

Deno.test("what user code writes past the console reaches the server as well", async () => {
  await withNode("many_ways", {}, async ({ server }) => {
    const peer = await server.accept({ heartbeatMs: 60_000 });
    peer.give([["writeOutput"]]);
    assertEquals((await taggedLines(peer, 1))[0].text, "past the console");
  });
});
