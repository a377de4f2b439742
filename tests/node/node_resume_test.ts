import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { createRandom } from "../../actors/clock.ts";
import type { WireMessage } from "../../actors/remote/protocol.ts";
import type { JobNode } from "../../job/types.ts";
import { fakeServer, nameOf, type Peer, valuesOf } from "./fake_server.ts";
import { pause } from "./fake_worker.ts";
import { simulate, type Simulation } from "./simulation.ts";

type Clock = Simulation["test"]["clock"];

const calm = { heartbeatMs: 1_000_000 };
const again = { ...calm, resumed: true };

/** Tasks are durations in milliseconds, which pass unless the task is cancelled; all that begin are counted. */
const patient = (begun: unknown[] = []) => (clock: Clock): JobNode => ({
  processDataFromServer: async (data, { signal }) => {
    begun.push(data);
    await pause(clock, data as number, signal);
    return data;
  },
});

/** What a peer got, in short. */
const kinds = ({ received }: Peer): string[] =>
  received.map((each: WireMessage) => each.kind === "control" ? each.message.type : each.kind);

Deno.test("a task that outlasts a cut connection is delivered, and computed once", async () => {
  const begun: unknown[] = [];
  await simulate({ half: patient(begun), node: { retryCounter: 20 } }, async ({ test, server, accept, network }) => {
    const first = await accept(calm);
    first.give([60_000]);
    await test.advance(30_000);
    server.close();
    first.abort();
    await test.advance(20_000);
    const restarted = await fakeServer(network, test.clock, { port: server.address.port });
    const second = await test.until(restarted.accept(again));
    assertEquals(valuesOf(await test.until(second.results(1))), new Map([[0, 60_000]]));
    assert(test.clock.now() < 120_000, `at ${test.clock.now()} ms`);
    assertEquals(begun, [60_000]);
    restarted.close();
  });
});

Deno.test("a node that is taken back says what it holds before it sends its results again", async () => {
  await simulate({ half: patient(), node: { workers: 2 } }, async ({ test, accept, node }) => {
    const first = await accept(calm);
    assertEquals(first.hello.resume, undefined);
    first.give([10, 20, 60_000, 70_000, 80_000]);
    await test.until(first.results(2));
    first.acknowledge([{ task: 0, attempt: 1 }]);
    await test.advance(1);
    first.abort();
    const second = await accept(again);
    assertEquals(second.hello.resume, { run: "5e".repeat(16), node: "00000000000000aa" });
    assertEquals(await test.until(second.held(1)), ["1/1", "2/1", "3/1", "4/1"]);
    assertEquals(valuesOf(await test.until(second.results(1))), new Map([[1, 20]]));
    assertEquals(kinds(second), ["held", "results"]);
    assertEquals([node.status().state, node.status().node], ["working", "00000000000000aa"]);
    // The third waits in the worker of the second, since the first two were short.
    assertEquals([...valuesOf(await test.until(second.results(4))).keys()], [1, 2, 4, 3]);
    assert(test.clock.now() < 150_000);
    second.acknowledge();
    await test.advance(1);
    assertEquals(node.status().unacknowledged, 0);
  });
});

Deno.test("a node that holds nothing says so when it is taken back", async () => {
  await simulate({ half: patient() }, async ({ test, accept }) => {
    const first = await accept(calm);
    await test.advance(1);
    first.abort();
    const second = await accept(again);
    assertEquals(await test.until(second.held(1)), []);
  });
});

Deno.test("what was finished without a connection, and what user code said meanwhile, follows", async () => {
  const half = (clock: Clock): JobNode => ({
    processDataFromServer: async (data, context) => {
      await pause(clock, data as number);
      context.progress(0.5);
      context.log(`slept ${data}`);
      context.send(data);
      return data;
    },
  });
  await simulate({ half }, async ({ test, accept }) => {
    const first = await accept(calm);
    first.give([500]);
    await test.advance(100);
    first.abort();
    const silent = await accept("silent");
    await test.advance(1000);
    silent.abort();
    const second = await accept(again);
    await test.until(second.results(1));
    await test.advance(10);
    assertEquals(kinds(second), ["held", "results", "log", "custom"]);
  });
});

Deno.test("workers keep their half of the job when the node is taken back", async () => {
  const prepared: unknown[] = [];
  const half = (): JobNode => ({
    setInitialData: (_, data) => void prepared.push(data),
    processDataFromServer: (data) => data,
  });
  await simulate({ half }, async ({ test, accept }) => {
    const first = await accept({ ...calm, initial: "once" });
    first.give([1]);
    await test.until(first.results(1));
    first.abort();
    const second = await accept(again);
    second.give([2], { first: 1 });
    await test.until(second.results(2));
    assertEquals(prepared, ["once"]);
  });
});

Deno.test("a node that is not taken back drops all it holds and starts anew", async () => {
  const begun: unknown[] = [];
  await simulate({ half: patient(begun) }, async ({ test, accept, node, lines }) => {
    const first = await accept(calm);
    first.give([10, 60_000, 70_000]);
    await test.until(first.results(1));
    await test.advance(10);
    first.abort();
    const second = await accept({ ...calm, node: "00000000000000bb", run: "11".repeat(16) });
    await test.advance(100);
    assertEquals(kinds(second), []);
    assertEquals([node.status().unacknowledged, node.status().busy, node.status().queued], [0, 0, 0]);
    second.give([5], { first: 9 });
    assertEquals([...valuesOf(await test.until(second.results(1))).keys()], [9]);
    assertEquals(begun, [10, 60_000, 5]);
    assert(lines.some(({ text }) => text.includes("all it holds is dropped")));
    second.abort();
    const third = await accept("silent");
    assertEquals(third.hello.resume, { run: "11".repeat(16), node: "00000000000000bb" });
  });
});

Deno.test("a node that had no initial data yet has nothing to resume", async () => {
  await simulate({ half: patient() }, async ({ test, accept }) => {
    const first = await accept({ ...calm, noInitial: true });
    await test.advance(1);
    first.abort();
    const second = await accept(calm);
    assertEquals(second.hello.resume, undefined);
    second.give([1]);
    await test.until(second.results(1));
  });
});

Deno.test("a server that takes back whom it does not know is not believed", async () => {
  await simulate({ half: patient(), node: { retryCounter: 0 } }, async ({ test, accept, node }) => {
    await accept({ ...calm, resumed: true, node: "00000000000000cc" });
    const { outcome, message } = await test.until(node.done);
    assertEquals(outcome, "unreachable");
    assertStringIncludes(message, "takes node 00000000000000cc");
  });
});

Deno.test("each heartbeat is followed by what the node holds, also if that is nothing", async () => {
  await simulate({ half: patient(), node: { workers: 2 } }, async ({ test, accept }) => {
    const peer = await accept({ heartbeatMs: 10_000 });
    const beat = async (): Promise<string[]> => {
      peer.received.length = 0;
      await test.advance(10_000);
      peer.control({ type: "heartbeat" });
      await test.advance(0);
      assertEquals(kinds(peer).filter((kind) => kind !== "results"), ["heartbeat", "held"]);
      return await peer.held(1);
    };
    assertEquals(await beat(), []);
    peer.give([5000, 15_000, 35_000]);
    assertEquals(await beat(), ["0/1", "1/1", "2/1"]);
    peer.acknowledge([{ task: 0, attempt: 1 }]);
    assertEquals(await beat(), ["1/1", "2/1"]);
    peer.control({ type: "cancel", attempts: [{ task: 1, attempt: 1 }, { task: 2, attempt: 1 }] });
    assertEquals(await beat(), []);
  });
});

Deno.test("a cancelled attempt is neither held nor delivered, whether it waited, ran or had ended", async () => {
  await simulate({ half: patient() }, async ({ test, accept }) => {
    const first = await accept(calm);
    first.give([1, 60_000, 70_000, 5]);
    await test.until(first.results(1));
    const attempts = [0, 1, 2].map((task) => ({ task, attempt: 1 }));
    first.control({ type: "cancel", attempts });
    await test.until(first.results(2));
    first.abort();
    const second = await accept(again);
    assertEquals(await test.until(second.held(1)), ["3/1"]);
    await test.advance(100_000);
    assertEquals((await test.until(second.results(1))).map(nameOf), ["3/1"]);
  });
});

Deno.test("a node whose server stays away ends after its retry counter, and says what is lost", async () => {
  await simulate({ half: patient(), node: { retryCounter: 2 } }, async ({ test, accept, server, node, lines }) => {
    const peer = await accept(calm);
    peer.give([1, 1]);
    await test.until(peer.results(2));
    server.close();
    peer.abort();
    assertEquals((await test.until(node.done)).outcome, "unreachable");
    assert(lines.some(({ text }) => text === "2 results may not have reached the server"));
  });
});

Deno.test("a node that is told that the job is over when it comes back ends as finished", async () => {
  await simulate({ half: patient() }, async ({ test, accept, node }) => {
    const first = await accept(calm);
    first.give([1, 60_000]);
    await test.until(first.results(1));
    first.abort();
    const second = await accept("silent");
    second.control({ type: "refused", code: "finished", message: "the job is over", retry: false });
    assertEquals((await test.until(node.done, { maxMs: 5000 })).outcome, "finished");
  });
});

/** A server that gives, acknowledges and cuts at random, and knows what the node must hold. */
async function harass({ test, accept }: Simulation, seed: number): Promise<void> {
  const random = createRandom(seed);
  const chance = (part: number): boolean => random.next() < part;
  const open = new Set<string>();
  let peer = await accept({ heartbeatMs: 1000 });
  let next = 0;
  const expectHeld = async (count: number): Promise<void> => {
    assertEquals(await test.until(peer.held(count), { maxMs: 2000 }), [...open].sort());
  };
  for (let round = 0; round < 60; round++) {
    if (chance(0.7)) {
      const data = Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => Math.floor(random.next() * 3000));
      peer.give(data, { first: next });
      for (const _ of data) open.add(`${next++}/1`);
    }
    await test.advance(Math.floor(random.next() * 500));
    peer.control({ type: "heartbeat" });
    const isCut = chance(0.2);
    if (isCut) {
      peer.abort();
      peer = await accept({ heartbeatMs: 1000, resumed: true });
      await expectHeld(1);
      assertEquals(kinds(peer)[0], "held");
    } else if (open.size > 0 && chance(0.2)) {
      peer.received.length = 0;
      await expectHeld(1);
    }
    await test.advance(1);
    const results = peer.received.flatMap((each) => each.kind === "results" ? each.results : []);
    const safe = results.filter(() => chance(0.8));
    peer.acknowledge(safe);
    for (const each of safe) open.delete(nameOf(each));
    await test.advance(1);
  }
  assertEquals(next > 50 && open.size < next, true);
}

Deno.test("through cuts at any moment, what a node holds is what it was given and was not acknowledged", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    await simulate({ half: patient(), node: { workers: 3 }, seed }, (simulation) => harass(simulation, seed));
  }
});
