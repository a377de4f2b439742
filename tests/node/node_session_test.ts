import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import type { JobNode } from "../../job/types.ts";
import { startNode } from "../../node/mod.ts";
import { fakeServer, valuesOf } from "./fake_server.ts";
import { pause } from "./fake_worker.ts";
import { simulate, type Simulation } from "./simulation.ts";

const double = (): JobNode => ({ processDataFromServer: (data) => (data as number) * 2 });
/** Tasks are durations in milliseconds, which pass unless the task is cancelled. */
const patient = (clock: Simulation["test"]["clock"]): JobNode => ({
  processDataFromServer: async (data, { signal }) => {
    await pause(clock, data as number, signal);
    return data;
  },
});

Deno.test("a node introduces itself and computes what the server gives", async () => {
  await simulate({ half: double, node: { workers: 3, labels: { gpu: "1" } } }, async ({ test, accept, node }) => {
    const peer = await accept();
    const { job, name, slots, labels, package: version } = peer.hello;
    assertEquals([job, name, slots, labels, version], ["test", "lab1", 3, { gpu: "1" }, "1.2.3"]);
    peer.give([1, 2, 3, 4, 5]);
    const results = valuesOf(await test.until(peer.results(5)));
    assertEquals([...results].sort(([a], [b]) => a - b), [[0, 2], [1, 4], [2, 6], [3, 8], [4, 10]]);
    assertEquals(node.status(), {
      state: "working",
      node: "00000000000000aa",
      busy: 0,
      queued: 0,
      computed: 5,
      failed: 0,
      unacknowledged: 5,
    });
  });
});

Deno.test("a node that starts before its server dials until it is there, and logs each attempt", async () => {
  await simulate({ half: double, node: { retryCounter: Infinity } }, async ({ test, server, network, node, lines }) => {
    server.close();
    await test.advance(120_000);
    const failed = lines.filter(({ level, text }) => level === "info" && text.includes("to reach the server failed"));
    assert(failed.length >= 3, `${failed.length} attempts`);
    assertEquals(node.status().state, "waiting");
    const again = await fakeServer(network, test.clock, { port: server.address.port });
    const peer = await test.until(again.accept());
    peer.give([21]);
    assertEquals(valuesOf(await test.until(peer.results(1))).get(0), 42);
    again.close();
  });
});

Deno.test("a node ends as unreachable after one more failure than its retry counter", async () => {
  await simulate({ half: double, node: { retryCounter: 2 } }, async ({ test, server, node, lines }) => {
    server.close();
    const { outcome, message } = await test.until(node.done);
    assertEquals(outcome, "unreachable");
    assertStringIncludes(message, `127.0.0.1:${server.address.port} in 3 attempts`);
    assertStringIncludes(message, "--retry-counter");
    assertEquals(lines.filter(({ text }) => text.startsWith("attempt ")).length, 2);
  });
});

Deno.test("a node that was given nothing but the defaults dials for more than ten minutes, by and large", async () => {
  let sumMs = 0;
  const seeds = 20;
  for (let seed = 1; seed <= seeds; seed++) {
    await simulate({ half: double, seed }, async ({ test, server, node }) => {
      server.close();
      assertEquals((await test.until(node.done, { maxMs: 7_200_000 })).outcome, "unreachable");
      sumMs += test.clock.now();
    });
  }
  assert(sumMs / seeds > 600_000, `${sumMs / seeds} ms`);
});

Deno.test("a server that takes the connection and says nothing is a failed attempt", async () => {
  await simulate(
    { half: double, node: { retryCounter: 0, connectTimeoutMs: 3000 } },
    async ({ test, accept, node }) => {
      await accept("silent");
      const { outcome, message } = await test.until(node.done);
      assertEquals(outcome, "unreachable");
      assertStringIncludes(message, "did not answer within 3000 ms");
      assertEquals(test.clock.now(), 3000);
    },
  );
});

Deno.test("a server that breaks the handshake is a failed attempt", async () => {
  await simulate({ half: double, node: { retryCounter: 0 } }, async ({ test, accept, node }) => {
    const peer = await accept("silent");
    peer.control({ type: "cancel", attempts: [] });
    assertStringIncludes((await test.until(node.done)).message, "handshake");
  });
});

Deno.test("a node that is refused for good says why", async () => {
  await simulate({ half: double }, async ({ test, accept, node }) => {
    const peer = await accept("silent");
    peer.control({ type: "refused", code: "job-mismatch", message: "the job is a, not b", retry: false });
    peer.close();
    const { outcome, message } = await test.until(node.done);
    assertEquals([outcome, message], ["refused", "the job is a, not b"]);
  });
});

Deno.test("a node that comes when the job is over ends as if it had been told", async () => {
  await simulate({ half: double }, async ({ test, accept, node }) => {
    const peer = await accept("silent");
    peer.control({ type: "refused", code: "finished", message: "the job is over", retry: false });
    assertEquals((await test.until(node.done)).outcome, "finished");
  });
});

Deno.test("a refusal that may pass is a failed attempt", async () => {
  await simulate({ half: double, node: { retryCounter: 1 } }, async ({ test, accept, node }) => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const peer = await accept("silent");
      peer.control({ type: "refused", code: "finished", message: "busy", retry: true });
      peer.close();
    }
    const { outcome, message } = await test.until(node.done);
    assertEquals(outcome, "unreachable");
    assertStringIncludes(message, "busy");
  });
});

Deno.test("heartbeats tell how much a node has to do, whatever its workers do", async () => {
  await simulate({ half: patient, node: { workers: 2 } }, async ({ test, accept }) => {
    const peer = await accept({ heartbeatMs: 500 });
    peer.give([60_000, 60_000, 60_000]);
    const beats = await test.until(peer.controls("heartbeat", 2));
    assertEquals(beats.at(-1), { type: "heartbeat", busy: 2, queued: 1 });
    assertEquals(test.clock.now(), 1000);
  });
});

Deno.test("a node that hears nothing for eight heartbeats connects anew, and not before", async () => {
  await simulate({ half: double }, async ({ test, accept, lines }) => {
    const first = await accept({ heartbeatMs: 1000 });
    await test.until(first.closed);
    assert(test.clock.now() > 8000 && test.clock.now() <= 8250, `at ${test.clock.now()} ms`);
    const second = await accept();
    second.give([4]);
    assertEquals(valuesOf(await test.until(second.results(1))).get(0), 8);
    assert(lines.some(({ text }) => text.includes("nothing was received for 8 heartbeats of 1000 ms")));
  });
});

Deno.test("a node that was stalled itself does not blame the server", async () => {
  await simulate({ half: double }, async ({ test, accept, node }) => {
    const peer = await accept({ heartbeatMs: 1000 });
    await test.advance(100);
    test.stall(60_000);
    await test.advance(100);
    assertEquals(node.status().state, "working");
    peer.give([1]);
    await test.until(peer.results(1));
  });
});

Deno.test("a node drops the tasks of a lost session and takes no result over into the next", async () => {
  await simulate({ half: patient, node: { workers: 2 } }, async ({ test, accept, node }) => {
    const first = await accept({ heartbeatMs: 100_000 });
    first.give([50, 5000, 5000, 5000]);
    await test.until(first.results(1));
    first.abort();
    await test.runUntilIdle();
    assertEquals(node.status().node, undefined);
    const second = await accept({ heartbeatMs: 100_000, node: "00000000000000bb" });
    await test.advance(20_000);
    assertEquals(second.received, []);
    second.give([7], { first: 100 });
    assertEquals(valuesOf(await test.until(second.results(1))), new Map([[100, 7]]));
    assertEquals(node.status().node, "00000000000000bb");
  });
});

Deno.test("the retry counter starts anew with each success", async () => {
  await simulate({ half: double, node: { retryCounter: 1 } }, async ({ test, server, accept, node }) => {
    for (let round = 0; round < 4; round++) {
      const peer = await accept("silent");
      peer.abort();
      const welcomed = await accept();
      await test.runUntilIdle();
      welcomed.abort();
    }
    assertEquals(node.status().state === "ended", false);
    server.close();
    assertEquals((await test.until(node.done)).outcome, "unreachable");
  });
});

Deno.test("options of a node are checked up front", () => {
  for (const [name, value] of [["workers", 0], ["retryCounter", -1], ["taskGraceMs", NaN], ["retryDelayMs", 0.5]]) {
    let message = "";
    try {
      // deno-lint-ignore no-explicit-any -- it fails before it reads anything else
      startNode({ workers: 1, name: "n", [name as string]: value } as any);
    } catch (error) {
      assert(error instanceof RangeError);
      message = error.message;
    }
    assertStringIncludes(message, `${name} = ${value}`);
  }
});
