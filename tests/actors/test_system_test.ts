import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { createTestSystem, type Ref, type TestSystemOptions } from "../../actors/mod.ts";
import { never } from "./helpers.ts";

/** What a collector hears of senders that each count up. */
async function interleaving(options: TestSystemOptions): Promise<string[]> {
  const test = createTestSystem(options);
  const got: string[] = [];
  const collector = test.spawn<string>(() => (message) => void got.push(message));
  for (const name of ["a", "b", "c"]) {
    test.spawn<number>(() => (count) => void collector.tell(`${name}${count}`));
    const sender = test.spawn<number>((context) => (count) => {
      collector.tell(`${name}${count}`);
      if (count < 9) context.self.tell(count + 1);
    });
    sender.tell(0);
  }
  await test.runUntilIdle();
  return got;
}

Deno.test("test system draws an order from its seed, and keeps that of each sender", async () => {
  const orders = await Promise.all([1, 1, 2, 3].map((seed) => interleaving({ seed })));
  assertEquals(orders[0], orders[1]);
  assertNotEquals(orders[0], orders[2]);
  assertNotEquals(orders[2], orders[3]);
  for (const order of orders) {
    for (const name of ["a", "b", "c"]) {
      assertEquals(
        order.filter((word) => word.startsWith(name)),
        Array.from({ length: 10 }, (_, count) => `${name}${count}`),
      );
    }
  }
  assertEquals(await interleaving({}), await interleaving({}));
});

Deno.test("nothing runs and no time passes until the test says so", async () => {
  const test = createTestSystem();
  const got: string[] = [];
  const actor = test.spawn<string>((context) => {
    context.after(0, "timer");
    return (message) => void got.push(message);
  });
  actor.tell("told");
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(got, []);
  await test.runUntilIdle();
  assertEquals(got, ["told"]);
  await test.advance(0);
  assertEquals([got, test.clock.now()], [["told", "timer"], 0]);
});

Deno.test("runUntilIdle follows chains of promises between messages", async () => {
  const test = createTestSystem();
  let hops = 0;
  const actor: Ref<number> = test.spawn<number>(() => async (left) => {
    for (let tick = 0; tick < 20; tick++) await undefined;
    hops++;
    if (left > 0) Promise.resolve().then(() => actor.tell(left - 1));
  });
  actor.tell(50);
  await test.runUntilIdle();
  assertEquals(hops, 51);
});

Deno.test("advance stops at each timer on its way, in order, also at those that are set meanwhile", async () => {
  const test = createTestSystem({ seed: 1 });
  const fired: string[] = [];
  const set = (name: string, delayMs: number, then?: () => void) =>
    test.clock.setTimer(delayMs, () => {
      fired.push(`${name} at ${test.clock.now()}`);
      then?.();
    });
  set("c", 30);
  set("a", 10, () => set("b", 15, () => set("too late", 6)));
  set("a2", 10, () => set("at once", 0));
  set("cancelled", 5)();
  await test.advance(30);
  assertEquals(fired, ["a at 10", "a2 at 10", "at once at 10", "b at 25", "c at 30"]);
  assertEquals(test.clock.now(), 30);
});

Deno.test("manual clock keeps thousands of timers in order, most of them cancelled", async () => {
  const test = createTestSystem({ seed: 9 });
  const fired: number[] = [];
  const expected: number[] = [];
  for (let count = 0; count < 20_000; count++) {
    const delayMs = Math.floor(test.random.next() * 1_000);
    const cancel = test.clock.setTimer(delayMs, () => fired.push(delayMs));
    if (count % 10 === 0) expected.push(delayMs);
    else cancel();
  }
  await test.advance(1_000);
  assertEquals(fired, expected.sort((a, b) => a - b));
});

Deno.test("until runs through virtual time, and says when nothing can settle the promise", async () => {
  const test = createTestSystem();
  const probe = test.probe<string>();
  test.spawn<string>((context) => {
    context.after(86_400_000, "a day later");
    return (message) => void probe.ref.tell(message);
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  test.clock.setTimer(90_000_000, () => resolve("settled"));
  assertEquals(await test.until(promise), "settled");
  assertEquals([probe.take(), test.clock.now()], ["a day later", 90_000_000]);
  assertThrows(() => probe.take(), Error, "test/probe has got none");
  test.clock.setTimer(100, () => {});
  await assertRejects(() => test.until(never(), { maxMs: 99 }), Error, "at 90000000 ms nothing due could settle it");
  await assertRejects(() => test.until(Promise.reject(new TypeError("own error"))), TypeError, "own error");
});

Deno.test("until waits for real work when no virtual time is left to pass", async () => {
  const test = createTestSystem();
  const digest = await test.until(crypto.subtle.digest("SHA-256", new Uint8Array(1)));
  assertEquals(digest.byteLength, 32);
});

Deno.test("two runs at once, an endless run and a step back are refused", async () => {
  const test = createTestSystem({ messagesMax: 1_000 });
  const first = test.advance(1);
  await assertRejects(() => test.advance(1), Error, "a run is under way");
  await first;
  assertThrows(() => test.stall(-1), RangeError, "ms is -1");
  await assertRejects(() => test.advance(NaN), RangeError, "ms is NaN");
  const actor: Ref<number> = test.spawn<number>(() => (message) => void actor.tell(message));
  actor.tell(1);
  await assertRejects(() => test.runUntilIdle(), Error, "no end after 1");
});

Deno.test("peers have actors, dead letters and an end of their own, but share clock and order", async () => {
  const test = createTestSystem({ seed: 4 });
  const [left, right] = ["left", "right"].map((name) => test.createPeer({ name }));
  const got: string[] = [];
  const receiver = right.spawn<string>((context) => {
    context.after(10, "timer");
    return (message) => void got.push(message);
  }, { name: "receiver" });
  left.spawn<string>((context) => {
    context.watch(receiver, ({ ref, reason }) => `${ref.path} ${reason}`);
    receiver.tell("from the left");
    return (message) => void got.push(message);
  });
  await test.advance(10);
  await test.until(right.stop());
  await test.runUntilIdle();
  assertEquals(got, ["from the left", "timer", "right/receiver stopped"]);
  assertEquals(receiver.tell("again"), false);
  assertEquals([left.deadLetters.ended, right.deadLetters.ended, test.deadLetters.ended], [0, 1, 0]);
});

Deno.test("ten thousand actors and a million messages run in one test, the same each time", async () => {
  const run = async (hops: number) => {
    const test = createTestSystem({ seed: 2 });
    let sum = 0;
    let handled = 0;
    const actors: Ref<number>[] = Array.from(
      { length: 10_000 },
      (_, index) =>
        test.spawn<number>((context) => (left) => {
          handled++;
          sum = (Math.imul(sum, 31) + index) | 0;
          if (left > 0) actors[Math.floor(context.random.next() * actors.length)].tell(left - 1);
        }),
    );
    for (const actor of actors) actor.tell(hops - 1);
    await test.runUntilIdle();
    assertEquals(handled, 10_000 * hops);
    return sum;
  };
  await run(100);
  assertEquals(await run(5), await run(5));
});
