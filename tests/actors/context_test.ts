import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { type Context, createTestSystem, restart, stop } from "../../actors/mod.ts";
import { recordingLogger } from "./helpers.ts";

const atOnce = restart({ max: 9, withinMs: 1_000, backoffMs: 0 });

/** An actor that gives its context away and keeps what it is told. */
function open<M>(
  got: unknown[] = [],
): { behavior: (context: Context<M>) => (message: M) => void; contexts: Context<M>[] } {
  const contexts: Context<M>[] = [];
  return {
    contexts,
    behavior: (context) => {
      contexts.push(context);
      return (message) => {
        if (message === "crash") throw new Error("crash");
        got.push(message);
      };
    },
  };
}

Deno.test("after tells once, at its time", async () => {
  const test = createTestSystem();
  const got: string[] = [];
  test.spawn<string>((context) => {
    context.after(100, "late");
    context.after(0, "soon");
    return (message) => void got.push(`${message} at ${test.clock.now()}`);
  });
  await test.advance(1_000);
  assertEquals(got, ["soon at 0", "late at 100"]);
});

Deno.test("a cancelled timer says nothing, even if its message waits already", async () => {
  const test = createTestSystem();
  const got: string[] = [];
  const gate = Promise.withResolvers<void>();
  const { behavior, contexts } = open<string>(got);
  const actor = test.spawn<string>((context) => {
    const handler = behavior(context);
    return (message) => message === "hold" ? gate.promise : handler(message);
  });
  await test.runUntilIdle();
  const [context] = contexts;
  const cancelEarly = context.after(10, "early");
  const cancelLate = context.after(10, "late");
  const cancelTicks = context.every(4, "tick");
  context.after(10, "kept");
  actor.tell("hold");
  cancelEarly();
  await test.advance(10);
  cancelLate();
  cancelTicks();
  gate.resolve();
  await test.advance(100);
  assertEquals(got, ["kept"]);
});

Deno.test("every keeps its beat, and skips a tick while the one before it waits", async () => {
  const test = createTestSystem();
  const got: number[] = [];
  let gate: PromiseWithResolvers<void> | undefined;
  test.spawn<string>((context) => {
    context.every(10, "tick");
    return () => {
      got.push(test.clock.now());
      return gate?.promise;
    };
  });
  await test.advance(20);
  gate = Promise.withResolvers();
  await test.advance(35);
  gate.resolve();
  gate = undefined;
  await test.advance(15);
  // At 30 the handler begins to wait; the tick of 40 waits in the mailbox, that of 50 is skipped.
  assertEquals(got, [10, 20, 30, 55, 60, 70]);
});

Deno.test("every does not make up for the ticks of a stall", async () => {
  const test = createTestSystem();
  const got: number[] = [];
  test.spawn<string>((context) => {
    context.every(10, "tick");
    return () => void got.push(test.clock.now());
  });
  await test.advance(10);
  test.stall(75);
  await test.advance(25);
  assertEquals(got, [10, 85, 95, 105]);
});

Deno.test("timers end with the actor and with a restart", async () => {
  const test = createTestSystem();
  const got: string[] = [];
  const { behavior, contexts } = open<string>(got);
  const actor = test.spawn(behavior, { supervision: atOnce });
  await test.runUntilIdle();
  contexts[0].after(10, "from the first life");
  contexts[0].every(10, "from the first life");
  actor.tell("crash");
  await test.runUntilIdle();
  contexts[1].after(20, "from the second life");
  await test.advance(20);
  assertEquals(got, ["from the second life"]);
  contexts[1].every(10, "after the end");
  await test.until(test.stop(actor));
  await test.advance(100);
  assertEquals(got.length, 1);
  assertEquals(test.deadLetters.ended, 0);
});

Deno.test("a context of a former life does nothing any more", async () => {
  const test = createTestSystem();
  const got: string[] = [];
  const { behavior, contexts } = open<string>(got);
  const actor = test.spawn(behavior, { supervision: atOnce });
  await test.runUntilIdle();
  actor.tell("crash");
  await test.runUntilIdle();
  const [old] = contexts;
  const dead = test.spawn<string>(() => () => stop);
  dead.tell("go");
  await test.runUntilIdle();
  old.after(1, "after")();
  old.after(1, "after");
  old.every(1, "every");
  old.watch(dead, () => "watch")();
  old.pipe(Promise.resolve(), () => "pipe", () => "pipe");
  assertThrows(() => old.spawn(() => () => {}), Error, "it has stopped or restarted meanwhile");
  assertEquals(old.signal.aborted, true);
  await test.advance(10);
  assertEquals(got, []);
});

Deno.test("a message of a former life that waits in the mailbox is dropped by a restart", async () => {
  const test = createTestSystem();
  const got: string[] = [];
  const { behavior, contexts } = open<string>(got);
  const actor = test.spawn(behavior, { supervision: atOnce });
  await test.runUntilIdle();
  actor.tell("crash");
  contexts[0].pipe(Promise.resolve("piped"), (value) => value, String);
  contexts[0].after(0, "timer");
  test.stall(1);
  for (let tick = 0; tick < 10; tick++) await undefined;
  actor.tell("kept");
  await test.advance(1);
  assertEquals(got, ["kept"]);
});

Deno.test("pipe turns a result or an error into an own message", async () => {
  const test = createTestSystem();
  const got: string[] = [];
  test.spawn<string>((context) => {
    context.pipe(Promise.resolve(4), (value) => `got ${value}`, String);
    context.pipe(Promise.reject(new RangeError("too far")), String, (error) => `failed with ${error}`);
    return (message) => void got.push(message);
  });
  await test.runUntilIdle();
  assertEquals(got, ["got 4", "failed with RangeError: too far"]);
});

Deno.test("own messages are taken by a full mailbox", async () => {
  const test = createTestSystem();
  const got: unknown[] = [];
  const { behavior, contexts } = open<string>(got);
  const actor = test.spawn(behavior, { mailboxMax: 1 });
  await test.runUntilIdle();
  contexts[0].pipe(Promise.resolve("piped"), (value) => value, String);
  contexts[0].after(0, "timer");
  actor.tell("fills it");
  for (let tick = 0; tick < 10; tick++) await undefined;
  await test.advance(1);
  assertEquals(got, ["fills it", "piped", "timer"]);
  assertEquals(test.deadLetters["mailbox-full"], 0);
});

Deno.test("timers refuse times that are none", async () => {
  const test = createTestSystem();
  const { behavior, contexts } = open<string>();
  test.spawn(behavior);
  await test.runUntilIdle();
  for (const bad of [-1, NaN, Infinity]) {
    assertThrows(() => contexts[0].after(bad, ""), RangeError, `delayMs is ${bad}`);
    assertThrows(() => contexts[0].every(bad, ""), RangeError, `periodMs is ${bad}`);
  }
  assertThrows(() => contexts[0].every(0, ""), RangeError, "periodMs is 0, want a number above 0");
});

Deno.test("the log of a context is tagged with its actor", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  test.spawn((context) => {
    context.log.info("hello", { size: 3 });
    return () => {};
  }, { name: "talker" });
  await test.runUntilIdle();
  assertEquals(entries, [{ level: "info", text: "hello", fields: { actor: "test/talker", size: 3 } }]);
});

Deno.test("functions of a context can be taken off it", async () => {
  const test = createTestSystem();
  const got: string[] = [];
  test.spawn<string>(({ self, after, clock, random }) => {
    after(5, "later");
    self.tell(`at ${clock.now()}, ${random.next() < 1}`);
    return (message) => void got.push(message);
  });
  await test.advance(5);
  assertEquals(got, ["at 0, true", "later"]);
});
