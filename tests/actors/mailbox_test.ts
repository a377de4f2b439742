import { assert, assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { Ring } from "../../actors/mailbox.ts";
import { createTestSystem, type DeadLetter, stop } from "../../actors/mod.ts";
import { never } from "./helpers.ts";

Deno.test("ring keeps the order across growth and around its end", () => {
  const ring = new Ring<number>();
  const taken: number[] = [];
  let next = 0;
  for (const [pushes, shifts] of [[5, 3], [9, 8], [40, 2], [3, 30], [100, 114]]) {
    for (let count = 0; count < pushes; count++) ring.push(next++);
    for (let count = 0; count < shifts; count++) taken.push(ring.shift());
  }
  assertEquals(ring.size, 0);
  assertEquals(taken, Array.from({ length: next }, (_, index) => index));
});

Deno.test("ring grows lazily and gives the memory of a burst back once it is empty", () => {
  const ring = new Ring<number>();
  assertEquals(ring.slots, 0);
  ring.push(0);
  assertEquals(ring.slots, 8);
  for (let count = 1; count < 100_000; count++) ring.push(count);
  ring.release();
  assert(ring.slots >= 100_000, "a ring with messages keeps its memory");
  while (ring.size > 0) ring.shift();
  ring.release();
  assertEquals(ring.slots, 0);
  ring.push(7);
  assertEquals(ring.shift(), 7);
});

Deno.test("mailbox takes exactly its bound and refuses the next message with its reason", async () => {
  const test = createTestSystem();
  const letters: DeadLetter[] = [];
  test.onDeadLetter((letter) => letters.push(letter));
  const got: number[] = [];
  const actor = test.spawn<number>(() => (message) => void got.push(message), { mailboxMax: 3 });
  assertEquals([1, 2, 3, 4].map(actor.tell), [true, true, true, false]);
  assertEquals(letters, [{ to: actor, message: 4, reason: "mailbox-full" }]);
  assertEquals(test.deadLetters["mailbox-full"], 1);
  await test.runUntilIdle();
  assertEquals(got, [1, 2, 3]);
  assert(actor.tell(5));
  await test.runUntilIdle();
  assertEquals(got, [1, 2, 3, 5]);
});

Deno.test("mailbox holds 4096 messages by default", () => {
  const test = createTestSystem();
  const actor = test.spawn<number>(() => () => {});
  let taken = 0;
  while (actor.tell(0)) taken++;
  assertEquals(taken, 4096);
});

Deno.test("mailbox without a bound takes everything", async () => {
  const test = createTestSystem();
  let got = 0;
  const actor = test.spawn<number>(() => (message) => void (got += message), { mailboxMax: Infinity });
  for (let count = 0; count < 200_000; count++) assert(actor.tell(1));
  await test.runUntilIdle();
  assertEquals(got, 200_000);
});

Deno.test("mailbox refuses a bound that is none", () => {
  const test = createTestSystem();
  for (const mailboxMax of [0, -1, 1.5, NaN]) {
    assertThrows(() => test.spawn(() => () => {}, { mailboxMax }), RangeError, `mailboxMax is ${mailboxMax}`);
  }
});

Deno.test("system lane goes first: a stop overtakes what waits in the user lane", async () => {
  const test = createTestSystem();
  const got: number[] = [];
  const actor = test.spawn<number>(() => (message) => void got.push(message));
  await test.runUntilIdle();
  for (const message of [1, 2, 3]) actor.tell(message);
  const stopped = test.stop(actor);
  await test.runUntilIdle();
  await stopped;
  assertEquals(got, []);
  assertEquals(test.deadLetters.ended, 3);
});

Deno.test("user lane waits for the promise of a handler, and goes on with what it resolves to", async () => {
  const test = createTestSystem();
  const events: string[] = [];
  const gate = Promise.withResolvers<void>();
  const actor = test.spawn<string>(() => async (message) => {
    events.push(`begin ${message}`);
    await gate.promise;
    events.push(`end ${message}`);
    return (later) => {
      events.push(`second handler ${later}`);
      return stop;
    };
  });
  actor.tell("a");
  actor.tell("b");
  actor.tell("c");
  await test.runUntilIdle();
  assertEquals(events, ["begin a"]);
  gate.resolve();
  await test.runUntilIdle();
  assertEquals(events, ["begin a", "end a", "second handler b"]);
  assertEquals(test.deadLetters.ended, 1);
});

Deno.test("system lane does not wait for the promise of a handler: children end, the signal is aborted", async () => {
  const test = createTestSystem();
  let aborted = false;
  const probe = test.probe();
  const actor = test.spawn<string>((context) => {
    probe.watch(context.spawn(() => () => {}, { name: "child" }));
    context.signal.addEventListener("abort", () => aborted = true);
    return never;
  }, { name: "busy" });
  actor.tell("hang");
  await test.runUntilIdle();
  const stopped = test.stop(actor);
  await test.runUntilIdle();
  assertEquals(aborted, true);
  assertEquals(probe.terminated.map(({ ref, reason }) => [ref.path, reason]), [["test/busy/child", "stopped"]]);
  await test.until(stopped);
});

Deno.test("tell and ask can be taken off a reference", async () => {
  const test = createTestSystem();
  const { tell } = test.spawn<number>(() => () => {});
  assertEquals([1, 2].every(tell), true);
  await test.runUntilIdle();
});
