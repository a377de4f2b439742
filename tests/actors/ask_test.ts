import { assert, assertEquals, assertInstanceOf, assertRejects } from "jsr:@std/assert@^1";
import {
  AskError,
  createRemoteRef,
  createSystem,
  createTestSystem,
  type DeadLetter,
  type Ref,
  stop,
} from "../../actors/mod.ts";
import { endpointOf } from "../../actors/endpoint.ts";

type Question = { value: number; replyTo: Ref<number> };
const doubler = () => (message: Question) => void message.replyTo.tell(message.value * 2);
const question = (value: number) => (replyTo: Ref<number>): Question => ({ value, replyTo });

/** The error that a promise rejects with. It is asked for at once, so that nothing rejects unheard. */
function failure(promise: Promise<unknown>): Promise<AskError> {
  return promise.then(() => {
    throw new Error("an answer came");
  }, (error) => {
    assertInstanceOf(error, AskError);
    return error;
  });
}

Deno.test("ask resolves with the answer", async () => {
  const test = createTestSystem();
  const actor = test.spawn(doubler);
  assertEquals(await test.until(actor.ask(question(21), { timeoutMs: 10 })), 42);
});

Deno.test("ask works in a system of its own clock and dispatcher, and leaves no timer behind", async () => {
  const system = createSystem();
  const actor = system.spawn(doubler);
  const answers = await Promise.all([1, 2, 3].map((value) => actor.ask(question(value), { timeoutMs: 60_000 })));
  assertEquals(answers, [2, 4, 6]);
  await system.stop();
});

Deno.test("ask without an answer is rejected exactly at its deadline", async () => {
  const test = createTestSystem();
  const actor = test.spawn<Question>(() => () => {}, { name: "mute" });
  let error: AskError | undefined;
  failure(actor.ask(question(1), { timeoutMs: 250 })).then((found) => error = found);
  await test.advance(249);
  assertEquals(error, undefined);
  await test.advance(1);
  assertEquals([error?.code, error?.path], ["ask-timeout", "test/mute"]);
  assertEquals(error?.message, "Cannot ask test/mute: no answer within 250 ms; raise timeoutMs if it needs longer");
});

Deno.test("asks with other timeouts each keep their own deadline, on one timer", async () => {
  const test = createTestSystem();
  const timers = new Set<symbol>();
  const clock = {
    now: test.clock.now,
    setTimer: (delayMs: number, callback: () => void) => {
      const entry = Symbol();
      timers.add(entry);
      const cancel = test.clock.setTimer(delayMs, () => {
        timers.delete(entry);
        callback();
      });
      return () => {
        timers.delete(entry);
        cancel();
      };
    },
  };
  const system = createSystem({ clock });
  const actor = system.spawn<Question>(() => () => {});
  const ended: string[] = [];
  for (const timeoutMs of [300, 100, 200, 100, 300]) {
    failure(actor.ask(question(1), { timeoutMs })).then(() => ended.push(`${timeoutMs} at ${test.clock.now()}`));
  }
  assertEquals(timers.size, 1);
  await test.advance(1_000);
  assertEquals(ended, ["100 at 100", "100 at 100", "200 at 200", "300 at 300", "300 at 300"]);
  await system.stop();
  assertEquals(timers.size, 0);
});

Deno.test("ask of an actor that has ended is rejected at once", async () => {
  const test = createTestSystem();
  const actor = test.spawn<Question>(() => () => stop, { name: "gone" });
  await test.runUntilIdle();
  await test.until(test.stop(actor));
  const error = await failure(actor.ask(question(1), { timeoutMs: 1_000 }));
  assertEquals([error.code, error.message], ["ask-dead", "Cannot ask test/gone: it has ended"]);
  assertEquals(test.clock.now(), 0);
});

Deno.test("ask of a dying actor is rejected, whether it waits, is handled or comes too late", async () => {
  const test = createTestSystem();
  const cause = new Error("dies of it");
  const actor = test.spawn<Question>((context) => {
    context.spawn(() => () => {});
    return () => {
      throw cause;
    };
  });
  const asks = [1, 2].map((value) => failure(actor.ask(question(value), { timeoutMs: 1_000 })));
  await test.runUntilIdle();
  asks.push(failure(actor.ask(question(3), { timeoutMs: 1_000 })));
  const errors = await Promise.all(asks);
  assertEquals(errors.map(({ code }) => code), ["ask-dead", "ask-dead", "ask-dead"]);
  assertEquals(errors[0].cause, cause);
  assertEquals(test.clock.now(), 0);
});

Deno.test("ask that the mailbox does not take is refused", async () => {
  const test = createTestSystem();
  const actor = test.spawn(doubler, { mailboxMax: 1 });
  const first = actor.ask(question(1), { timeoutMs: 1_000 });
  assertEquals((await failure(actor.ask(question(2), { timeoutMs: 1_000 }))).code, "ask-refused");
  assertEquals(await test.until(first), 2);
});

Deno.test("only the first answer counts; later ones are dead letters", async () => {
  const test = createTestSystem();
  const letters: DeadLetter[] = [];
  test.onDeadLetter((letter) => letters.push(letter));
  let told: boolean[] = [];
  const actor = test.spawn<Question>(() => ({ replyTo }) => {
    told = [1, 2].map(replyTo.tell);
  });
  assertEquals(await test.until(actor.ask(question(0), { timeoutMs: 1_000 })), 1);
  assertEquals(told, [true, false]);
  assertEquals(letters.map(({ message, reason }) => [message, reason]), [[2, "late-reply"]]);
});

Deno.test("an answer that is given while the message is made counts, and the message is sent", async () => {
  const test = createTestSystem();
  const told: boolean[] = [];
  const actor = test.spawn<Question>(() => ({ replyTo }) => void told.push(replyTo.tell(2)));
  const answer = actor.ask<number>((replyTo) => {
    told.push(replyTo.tell(1));
    return { value: 0, replyTo };
  }, { timeoutMs: 1_000 });
  assertEquals(await test.until(answer), 1);
  await test.runUntilIdle();
  assertEquals(told, [true, false]);
  assertEquals(endpointOf(actor)?.asks, undefined);
  assertEquals(test.clock.now(), 0);
});

Deno.test("an answer after the deadline is a dead letter", async () => {
  const test = createTestSystem();
  let late: Ref<number> | undefined;
  const actor = test.spawn<Question>(() => ({ replyTo }) => {
    late = replyTo;
  });
  const error = failure(actor.ask(question(0), { timeoutMs: 10 }));
  await test.advance(10);
  assertEquals((await error).code, "ask-timeout");
  assertEquals(late?.tell(1), false);
  assertEquals(test.deadLetters["late-reply"], 1);
});

Deno.test("the reference to answer to can be asked itself", async () => {
  const test = createTestSystem();
  type Offer = { price: number; replyTo: Ref<string> };
  let verdict = "";
  const seller = test.spawn<Ref<Offer>>(() => async (replyTo) => {
    verdict = await replyTo.ask<string>((answerTo) => ({ price: 3, replyTo: answerTo }), { timeoutMs: 10 });
  });
  const offer = await test.until(seller.ask<Offer>((replyTo) => replyTo, { timeoutMs: 10 }));
  offer.replyTo.tell(`taken for ${offer.price}`);
  await test.runUntilIdle();
  assertEquals(verdict, "taken for 3");
});

Deno.test("ask refuses a timeout that is none, and passes on what throws while the message is made", async () => {
  const test = createTestSystem();
  const actor = test.spawn(doubler);
  for (const timeoutMs of [0, -1, NaN, Infinity]) {
    await assertRejects(() => actor.ask(question(1), { timeoutMs }), RangeError, `timeoutMs is ${timeoutMs}`);
  }
  const broken = () => {
    throw new SyntaxError("no message");
  };
  await assertRejects(() => actor.ask(broken, { timeoutMs: 10 }), SyntaxError, "no message");
  assertEquals(endpointOf(actor)?.asks, undefined);
});

Deno.test("settled asks are forgotten by their receiver, in whatever order they settle", async () => {
  const test = createTestSystem();
  const waiting: Ref<number>[] = [];
  const actor = test.spawn<Question>(() => ({ replyTo }) => void waiting.push(replyTo));
  const asks = Array.from({ length: 5 }, (_, value) => actor.ask(question(value), { timeoutMs: 100 }));
  await test.runUntilIdle();
  for (const index of [2, 0, 4, 3, 1]) assert(waiting[index].tell(index));
  assertEquals(await Promise.all(asks), [0, 1, 2, 3, 4]);
  assertEquals(endpointOf(actor)?.asks, undefined);
  const again = actor.ask(question(1), { timeoutMs: 50 });
  await test.runUntilIdle();
  waiting[5].tell(7);
  assertEquals(await again, 7);
});

Deno.test("asks of what is elsewhere end with the system", async () => {
  const system = createSystem();
  const far = createRemoteRef<Ref<number>>(system, { name: "far", tell: () => true });
  const error = failure(far.ref.ask<number>((replyTo) => replyTo, { timeoutMs: 60_000 }));
  await system.stop();
  assertEquals((await error).code, "ask-dead");
});
