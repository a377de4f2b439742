import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import type { WireMessage } from "../../actors/remote/protocol.ts";
import type { JobNode } from "../../job/types.ts";
import { startNode } from "../../node/mod.ts";
import { failureIn, fakeServer, nameOf, type Peer } from "./fake_server.ts";
import { pause } from "./fake_worker.ts";
import { simulate, type Simulation } from "./simulation.ts";

const calm = { heartbeatMs: 1_000_000 };

/** Tasks are durations in milliseconds. */
const patient = (clock: Simulation["test"]["clock"]): JobNode => ({
  processDataFromServer: async (data) => {
    await pause(clock, data as number);
    return data;
  },
});

/** What a peer got, in short: how results ended, and of what type control messages are. */
function story({ received }: Peer): string[] {
  const tell = (message: WireMessage): string[] => {
    if (message.kind === "control") return [message.message.type];
    if (message.kind !== "results") return [message.kind];
    return message.results.map((result) =>
      `${nameOf(result)} ${result.status === "ok" ? "ok" : failureIn(result).kind}`
    );
  };
  return received.flatMap(tell);
}

Deno.test("a node that drains says so, hands back what waits, and lets what runs end", async () => {
  await simulate({ half: patient, node: { workers: 2 } }, async ({ test, accept, node, workers }) => {
    const peer = await accept(calm);
    peer.give([3000, 5000, 10, 10]);
    await test.advance(100);
    node.stop("maintenance", { graceMs: 20_000 });
    const [leave] = await test.until(peer.controls("leave"));
    assertEquals(leave, { type: "leave", reason: "maintenance", drainMs: 20_000 });
    assertEquals(node.status().state, "leaving");
    await test.until(peer.results(4));
    assertEquals(story(peer), ["leave", "2/1 handed-back", "3/1 handed-back", "0/1 ok", "1/1 ok"]);
    await test.advance(1000);
    assertEquals(node.status().state, "leaving");
    peer.acknowledge();
    await test.until(peer.closed);
    assertEquals((await test.until(node.done)).message, "maintenance");
    assert(test.clock.now() < 6500, `at ${test.clock.now()} ms`);
    assertEquals(workers.started.length, 2);
  });
});

Deno.test("what still runs at the end of the grace is handed back", async () => {
  await simulate({ half: patient, node: { workers: 2 } }, async ({ test, accept, node, workers }) => {
    const peer = await accept(calm);
    peer.give([1000, 60_000]);
    await test.advance(100);
    node.stop("maintenance", { graceMs: 5000 });
    await test.until(peer.results(2));
    assertEquals(story(peer), ["leave", "0/1 ok", "1/1 handed-back"]);
    assertEquals(test.clock.now(), 5100);
    assert(workers.started.every((worker) => worker.isTerminated()));
    peer.acknowledge();
    await test.until(node.done, { maxMs: 10 });
  });
});

Deno.test("tasks that reach a node while it drains go back at once", async () => {
  await simulate({ half: patient }, async ({ test, accept, node }) => {
    const peer = await accept(calm);
    peer.give([1000]);
    await test.advance(100);
    node.stop("maintenance", { graceMs: 5000 });
    peer.give([1, 1], { first: 10 });
    await test.until(peer.results(2));
    assertEquals(story(peer), ["leave", "10/1 handed-back", "11/1 handed-back"]);
    assertEquals(test.clock.now(), 100);
  });
});

Deno.test("tasks behind one whose worker fails while the node drains go back, and no worker begins them", async () => {
  await simulate({ half: patient }, async ({ test, accept, node, workers }) => {
    const peer = await accept(calm);
    peer.give(Array(10).fill(0));
    await test.until(peer.results(10));
    peer.give([100_000, 1, 1], { first: 20 });
    await test.advance(10);
    node.stop("maintenance", { graceMs: 50_000 });
    await test.advance(10);
    workers.started[0].throwOutside(new Error("in a timer"));
    await test.until(peer.results(13));
    assertEquals(story(peer).slice(-4), ["leave", "21/1 handed-back", "22/1 handed-back", "20/1 worker-lost"]);
  });
});

Deno.test("a second stop can make the time shorter, and not longer", async () => {
  await simulate({ half: patient }, async ({ test, accept, node }) => {
    const peer = await accept(calm);
    peer.give([100_000]);
    await test.advance(100);
    node.stop("first", { graceMs: 50_000 });
    node.stop("longer", { graceMs: 90_000 });
    node.stop("shorter", { graceMs: 2000 });
    await test.until(peer.results(1));
    assertEquals(test.clock.now(), 2100);
    node.stop("now");
    peer.acknowledge();
    assertEquals((await test.until(node.done)).message, "first");
  });
});

Deno.test("a node waits for what it delivered to be safe, but not for ever", async () => {
  await simulate({ half: patient }, async ({ test, accept, node, lines }) => {
    const peer = await accept(calm);
    peer.give([1, 1]);
    await test.until(peer.results(2));
    peer.acknowledge([{ task: 0, attempt: 1 }]);
    await test.advance(1);
    const stoppedMs = test.clock.now();
    node.stop("enough", { graceMs: 10_000 });
    await test.until(peer.closed);
    assertEquals(test.clock.now() - stoppedMs, 2000);
    peer.close();
    await test.until(node.done);
    assert(lines.some(({ text }) => text === "1 result may not have reached the server"));
  });
});

Deno.test("a node that drains is alive and says what it holds", async () => {
  await simulate({ half: patient }, async ({ test, accept, node }) => {
    const peer = await accept({ heartbeatMs: 1000 });
    peer.give([10_000, 1]);
    await test.advance(100);
    node.stop("maintenance", { graceMs: 60_000 });
    peer.received.length = 0;
    for (let beat = 0; beat < 5; beat++) {
      await test.advance(1000);
      peer.control({ type: "heartbeat" });
    }
    assertEquals((await test.until(peer.controls("heartbeat", 5))).at(-1), { type: "heartbeat", busy: 1, queued: 0 });
    assertEquals(await peer.held(5), ["0/1", "1/1"]);
    peer.control({ type: "cancel", attempts: [{ task: 0, attempt: 1 }] });
    peer.acknowledge();
    await test.until(node.done, { maxMs: 3000 });
  });
});

Deno.test("a node that drains when its connection breaks comes back and delivers within its grace", async () => {
  await simulate({ half: patient }, async ({ test, accept, node }) => {
    const first = await accept(calm);
    first.give([5000, 60_000, 1]);
    await test.advance(100);
    node.stop("maintenance", { graceMs: 20_000 });
    await test.advance(100);
    first.abort();
    const second = await accept({ ...calm, resumed: true });
    await test.until(second.results(3), { maxMs: 21_000 });
    const leave = (await second.controls("leave"))[0];
    assert(leave.drainMs! > 17_000 && leave.drainMs! < 20_000, `${leave.drainMs} ms`);
    assertEquals(story(second).filter((each) => each !== "leave"), [
      "held",
      "1/1 handed-back",
      "2/1 handed-back",
      "0/1 ok",
    ]);
    second.acknowledge();
    await test.until(node.done, { maxMs: 100 });
  });
});

Deno.test("a node that is stopped without a connection dials at once to deliver, within its grace", async () => {
  const cut = async ({ test, server, accept }: Simulation): Promise<void> => {
    const peer = await accept(calm);
    peer.give([100, 100]);
    await test.until(peer.results(1));
    server.close();
    peer.abort();
    await test.advance(40_000);
  };
  const node = { retryCounter: Infinity, retryDelayMs: 60_000 };
  await simulate({ half: patient, node }, async (simulation) => {
    const { test, server, network, node } = simulation;
    await cut(simulation);
    const back = await fakeServer(network, test.clock, { port: server.address.port });
    node.stop("maintenance", { graceMs: 5000 });
    const peer = await test.until(back.accept({ ...calm, resumed: true }), { maxMs: 1 });
    assertEquals((await test.until(peer.results(2))).length, 2);
    peer.acknowledge();
    await test.until(node.done, { maxMs: 10 });
    back.close();
  });
  await simulate({ half: patient, node }, async (simulation) => {
    await cut(simulation);
    const stoppedMs = simulation.test.clock.now();
    simulation.node.stop("maintenance", { graceMs: 5000 });
    await simulation.test.until(simulation.node.done);
    assertEquals(simulation.test.clock.now() - stoppedMs, 5000);
  });
  await simulate({ half: patient, node }, async (simulation) => {
    await cut(simulation);
    simulation.node.stop("at once");
    await simulation.test.until(simulation.node.done, { maxMs: 0 });
  });
});

Deno.test("a node that leaves and is not taken back goes at once", async () => {
  await simulate({ half: patient }, async ({ test, accept, node }) => {
    const first = await accept(calm);
    first.give([60_000]);
    await test.advance(100);
    node.stop("maintenance", { graceMs: 20_000 });
    await test.advance(100);
    first.abort();
    const second = await accept(calm);
    second.close();
    assertEquals((await test.until(node.done, { maxMs: 5000 })).outcome, "stopped");
    assertEquals(story(second), []);
  });
});

Deno.test("a node tells how long it will live, and leaves in time", async () => {
  await simulate(
    { half: patient, node: { lifetimeMs: 60_000, drainGraceMs: 10_000 } },
    async ({ test, accept, node }) => {
      const first = await accept(calm);
      assertEquals(first.hello.lifetimeMs, 60_000);
      await test.advance(20_000);
      first.abort();
      const second = await accept({ ...calm, resumed: true });
      const { lifetimeMs = NaN } = second.hello;
      assert(lifetimeMs > 38_000 && lifetimeMs <= 40_000, `${lifetimeMs} ms`);
      second.give([90_000]);
      const [leave] = await test.until(second.controls("leave"));
      assertEquals([test.clock.now(), leave.drainMs], [50_000, 8000]);
      assertStringIncludes(leave.reason, "lifetime of 60 s");
      await test.until(second.results(1));
      second.acknowledge();
      await test.until(node.done, { maxMs: 100 });
      assertEquals(test.clock.now() < 60_000, true);
    },
  );
});

Deno.test("a lifetime that leaves no time to work, and a grace that is no time, are refused", async () => {
  let message = "";
  try {
    // deno-lint-ignore no-explicit-any -- it fails before it reads anything else
    startNode({ workers: 1, name: "n", lifetimeMs: 5000, drainGraceMs: 10_000 } as any);
  } catch (error) {
    assert(error instanceof RangeError);
    message = error.message;
  }
  assertStringIncludes(message, "lifetimeMs = 5000: it must be more than drainGraceMs = 10000");
  await simulate({ half: patient }, ({ node }) => {
    let thrown: unknown;
    try {
      node.stop("x", { graceMs: -1 });
    } catch (error) {
      thrown = error;
    }
    assert(thrown instanceof RangeError);
    return Promise.resolve();
  });
});
