import { assertEquals, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { createRandom } from "../../../actors/clock.ts";
import { TransportError } from "../../../actors/remote/errors.ts";
import { type FaultyOptions, faultyTransport } from "../../../actors/remote/faulty.ts";
import { memoryTransport } from "../../../actors/remote/memory.ts";
import type { Link } from "../../../actors/remote/transport.ts";
import { ManualClock } from "../../../actors/testing/manual_clock.ts";
import { forSeeds } from "./support.ts";

async function settle(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve();
}

async function setUp(faults: Partial<FaultyOptions> = {}, seed = 1) {
  const clock = new ManualClock();
  const network = memoryTransport({ clock });
  const faulty = faultyTransport(network, { clock, random: createRandom(seed), ...faults });
  const listener = await faulty.listen({ host: "server", port: 0 });
  const advance = async (ms: number) => {
    const end = clock.now() + ms;
    await settle();
    while (clock.next <= end) {
      clock.moveTo(clock.next);
      clock.fire();
      await settle();
    }
    clock.moveTo(end);
  };
  const dial = async () => {
    const connecting = faulty.connect(listener.address);
    await advance(1000);
    return { dialed: await connecting, accepted: await listener.accept() };
  };
  return { clock, faulty, listener, advance, dial };
}

/** Keeps what a link reads, and when, until it ends. */
function record(link: Link, now: () => number) {
  const seen: { bytes: number[]; atMs: number[]; end: "open" | "clean" | string } = {
    bytes: [],
    atMs: [],
    end: "open",
  };
  const run = async () => {
    const buffer = new Uint8Array(1000);
    for (let count = await link.read(buffer); count !== null; count = await link.read(buffer)) {
      seen.bytes.push(...buffer.subarray(0, count));
      seen.atMs.push(now());
    }
    seen.end = "clean";
  };
  run().catch((error) => seen.end = error.code);
  return seen;
}

Deno.test("latency delays bytes both ways and keeps their order", async () => {
  const { clock, advance, dial } = await setUp({ latencyMs: { min: 10, max: 50 } });
  const { dialed, accepted } = await dial();
  const [there, back] = [record(accepted, clock.now), record(dialed, clock.now)];
  const start = clock.now();
  for (let i = 0; i < 20; i++) await dialed.write(new Uint8Array([i]));
  await accepted.write(new Uint8Array([99]));
  await advance(9);
  assertEquals([there.bytes, back.bytes], [[], []]);
  await advance(100);
  assertEquals(there.bytes, Array.from({ length: 20 }, (_, i) => i));
  assertEquals(back.bytes, [99]);
  for (const at of [...there.atMs, ...back.atMs]) {
    if (at < start + 10 || at > start + 50) throw new Error(`arrived after ${at - start} ms`);
  }
});

Deno.test("bytes of different links overtake one another", async () => {
  const { clock, advance, dial } = await setUp({ latencyMs: { min: 0, max: 100 } });
  const links = [await dial(), await dial(), await dial(), await dial()];
  const seen = links.map(({ accepted }) => record(accepted, clock.now));
  for (const { dialed } of links) await dialed.write(new Uint8Array([1]));
  await advance(100);
  const arrivals = seen.map(({ atMs }) => atMs[0]);
  if (arrivals.every((at, i) => i === 0 || at >= arrivals[i - 1])) throw new Error(`in order: ${arrivals}`);
});

Deno.test("a close arrives behind the bytes before it", async () => {
  const { clock, advance, dial } = await setUp({ latencyMs: { min: 5, max: 20 } });
  const { dialed, accepted } = await dial();
  const there = record(accepted, clock.now);
  await dialed.write(new Uint8Array([1, 2]));
  dialed.close();
  assertEquals(there.end, "open");
  await advance(50);
  assertEquals([there.bytes, there.end], [[1, 2], "clean"]);
  await assertRejects(() => dialed.write(new Uint8Array(1)), TransportError, "closed");
});

Deno.test("the peer's end arrives, and half of a link can be ended alone", async () => {
  const { clock, advance, dial } = await setUp({ latencyMs: { min: 5, max: 20 } });
  const { dialed, accepted } = await dial();
  const [there, back] = [record(accepted, clock.now), record(dialed, clock.now)];
  await dialed.closeWrite!();
  await advance(50);
  assertEquals([there.end, back.end], ["clean", "open"]);
  await accepted.write(new Uint8Array([7]));
  accepted.close();
  await advance(50);
  assertEquals([back.bytes, back.end], [[7], "clean"]);
});

Deno.test("a dropped link is lost at both ends, with what was under way", async () => {
  const { clock, faulty, advance, dial } = await setUp({ latencyMs: { min: 10, max: 10 } });
  const { dialed, accepted } = await dial();
  const [there, back] = [record(accepted, clock.now), record(dialed, clock.now)];
  await dialed.write(new Uint8Array([1]));
  assertEquals(faulty.drop(), 1);
  await advance(100);
  assertEquals([there.bytes, there.end, back.end], [[], "clean", "connection-lost"]);
  await assertRejects(() => dialed.write(new Uint8Array(1)), TransportError, "lost");
  assertEquals(faulty.drop(), 0);
});

Deno.test("a half-open link swallows everything and tells nobody, not even of its close", async () => {
  const { clock, faulty, advance, dial } = await setUp();
  const { dialed, accepted } = await dial();
  const [there, back] = [record(accepted, clock.now), record(dialed, clock.now)];
  assertEquals(faulty.halfOpen(), 1);
  assertEquals(await dialed.write(new Uint8Array([1])), 1);
  await accepted.write(new Uint8Array([2]));
  await advance(1e6);
  assertEquals([there, back].map(({ bytes, end }) => [bytes, end]), [[[], "open"], [[], "open"]]);
  dialed.close();
  await advance(1e6);
  assertEquals([there.end, back.end], ["open", "clean"]);
});

Deno.test("a partition holds back bytes and connects until it is healed", async () => {
  const { clock, faulty, listener, advance, dial } = await setUp();
  const { dialed, accepted } = await dial();
  const [there, back] = [record(accepted, clock.now), record(dialed, clock.now)];
  const heal = faulty.partition((address) => address.startsWith("server:"));
  await dialed.write(new Uint8Array([1]));
  await accepted.write(new Uint8Array([2]));
  const late = assertRejects(
    () => faulty.connect(listener.address, { timeoutMs: 500 }),
    TransportError,
    "within 500 ms",
  );
  const patient = faulty.connect(listener.address);
  await advance(1000);
  await late;
  assertEquals([there.bytes, back.bytes], [[], []]);
  heal();
  await advance(0);
  assertEquals([there.bytes, back.bytes], [[1], [2]]);
  assertEquals((await patient).remoteAddress, dialed.remoteAddress);
});

Deno.test("rates decide how writes and connects fare", async () => {
  const refused = await setUp({ refuseRate: 1 });
  await assertRejects(() => refused.faulty.connect(refused.listener.address), TransportError, "nobody listens");
  refused.faulty.setFaults({ refuseRate: 0, truncateRate: 1 });
  const { dialed, accepted } = await refused.dial();
  const there = record(accepted, refused.clock.now);
  await dialed.write(new Uint8Array(100).fill(5));
  await refused.advance(10);
  assertEquals(there.end, "clean");
  if (there.bytes.length >= 100) throw new Error("nothing was cut off");

  const dropped = await setUp({ dropRate: 1 });
  const link = await dropped.dial();
  await link.dialed.write(new Uint8Array(10));
  await assertRejects(() => link.dialed.read(new Uint8Array(1)), TransportError, "lost");
});

Deno.test("the same seed makes the same faults", async () => {
  const run = async (seed: number) => {
    const { clock, advance, dial } = await setUp(
      { latencyMs: { min: 0, max: 30 }, dropRate: 0.02, truncateRate: 0.02 },
      seed,
    );
    const { dialed, accepted } = await dial();
    const there = record(accepted, clock.now);
    for (let i = 0; i < 60; i++) {
      await dialed.write(new Uint8Array([i, i, i])).catch(() => {});
      await advance(3);
    }
    return there;
  };
  const ends = new Set<number>();
  await forSeeds(5, async (_, seed) => {
    const first = await run(seed);
    assertEquals(await run(seed), first);
    ends.add(first.bytes.length);
  });
  if (ends.size < 3) throw new Error("seeds make no difference");
});

Deno.test("faults are checked up front", async () => {
  const { faulty } = await setUp();
  assertThrows(() => faulty.setFaults({ dropRate: 1.5 }), RangeError, "dropRate is 1.5");
  assertThrows(() => faulty.setFaults({ latencyMs: { min: 5, max: 4 } }), RangeError, "latencyMs is from 5 to 4");
});
