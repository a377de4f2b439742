import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { createRemoteRef, createTestSystem, type Ref, restart, stop, type Terminated } from "../../actors/mod.ts";

type Message = { type: "end"; terminated: Terminated } | { type: "word"; text: string };
const end = (terminated: Terminated): Message => ({ type: "end", terminated });

/** An actor that watches `ref` and passes on what it is told. */
function watcher(ref: Ref<never>, got: Message[]) {
  return (context: { watch: (ref: Ref<never>, message: (terminated: Terminated) => Message) => unknown }) => {
    context.watch(ref, end);
    return (message: Message) => void got.push(message);
  };
}

Deno.test("watch tells of an end exactly once, with its reason and cause", async () => {
  const test = createTestSystem({ seed: 1 });
  const cause = new Error("broken");
  const makers = {
    byHandler: test.spawn<string>(() => () => stop),
    byOthers: test.spawn<string>(() => () => {}),
    byError: test.spawn<string>(() => () => {
      throw cause;
    }),
  };
  const got: Message[] = [];
  for (const ref of Object.values(makers)) test.spawn(watcher(ref, got));
  await test.runUntilIdle();
  assertEquals(got, []);
  makers.byHandler.tell("go");
  await test.runUntilIdle();
  await test.until(test.stop(makers.byOthers));
  makers.byError.tell("go");
  await test.runUntilIdle();
  assertEquals(got, [
    { type: "end", terminated: { ref: makers.byHandler, reason: "stopped" } },
    { type: "end", terminated: { ref: makers.byOthers, reason: "stopped" } },
    { type: "end", terminated: { ref: makers.byError, reason: "failed", cause } },
  ]);
});

Deno.test("watch tells of an end that was before it", async () => {
  const test = createTestSystem();
  const ref = test.spawn<string>(() => () => stop);
  ref.tell("go");
  await test.runUntilIdle();
  const got: Message[] = [];
  test.spawn(watcher(ref, got));
  await test.runUntilIdle();
  assertEquals(got.length, 1);
});

Deno.test("watch is told behind what the ended actor has said before, even into a full mailbox", async () => {
  const test = createTestSystem();
  const got: string[] = [];
  const gate = Promise.withResolvers<void>();
  const talker: Ref<number> = test.spawn<number>(() => () => {
    assertEquals([1, 2, 3].map((word) => listener.tell(word)), [true, true, false]);
    return stop;
  });
  const listener = test.spawn<number | Terminated>((context) => {
    context.watch(talker, (terminated) => terminated);
    return (message) => {
      got.push(typeof message === "number" ? `${message}` : message.reason);
      return got.length === 1 ? gate.promise : undefined;
    };
  }, { mailboxMax: 2 });
  listener.tell(0);
  await test.runUntilIdle();
  talker.tell(0);
  await test.runUntilIdle();
  gate.resolve();
  await test.runUntilIdle();
  assertEquals(got, ["0", "1", "2", "stopped"]);
});

Deno.test("two watches of one actor are each told once, and one taken back is not", async () => {
  const test = createTestSystem();
  const ref = test.spawn<string>(() => () => stop);
  const got: string[] = [];
  const spawnWatcher = (cancelWhen: "before" | "after") =>
    test.spawn<string>((context) => {
      context.watch(ref, () => "first");
      const cancel = context.watch(ref, () => "second");
      context.watch(ref, () => "third");
      if (cancelWhen === "before") cancel();
      return (message) => {
        // In this case the end is already in the mailbox when the watch is taken back.
        if (message === "first") cancel();
        got.push(message);
      };
    });
  spawnWatcher("before");
  spawnWatcher("after");
  await test.runUntilIdle();
  ref.tell("go");
  await test.runUntilIdle();
  assertEquals(got, ["first", "third", "first", "third"]);
});

Deno.test("watches belong to one life: after a restart only what was watched anew is told, once", async () => {
  const test = createTestSystem();
  const ref = test.spawn<string>(() => () => stop);
  const got: string[] = [];
  let life = 0;
  const actor = test.spawn<string>((context) => {
    const name = `life ${++life}`;
    context.watch(ref, () => name);
    return (message) => {
      if (message === "crash") throw new Error("crash");
      got.push(message);
    };
  }, { supervision: restart({ max: 1, withinMs: 1, backoffMs: 0 }) });
  await test.runUntilIdle();
  // The crash is handled first, while the end of the first life's watch waits behind it.
  actor.tell("crash");
  ref.tell("go");
  await test.runUntilIdle();
  assertEquals(got, ["life 2"]);
});

Deno.test("the end of a watcher takes its watches with it", async () => {
  const test = createTestSystem();
  const ref = test.spawn<string>(() => () => stop);
  const actor = test.spawn<Message>(watcher(ref, []));
  await test.runUntilIdle();
  await test.until(test.stop(actor));
  ref.tell("go");
  await test.runUntilIdle();
  assertEquals(test.deadLetters.ended, 0);
});

Deno.test("what throws while it makes the message of a watch fails the watcher", async () => {
  const test = createTestSystem();
  const ref = test.spawn<string>(() => () => stop);
  const probe = test.probe();
  probe.watch(test.spawn<string>((context) => {
    context.watch(ref, () => {
      throw new Error("cannot say it");
    });
    return () => {};
  }));
  ref.tell("go");
  await test.runUntilIdle();
  assertEquals(probe.terminated.map(({ reason }) => reason), ["failed"]);
});

Deno.test("a remote reference ends as unreachable for watchers, askers and senders alike", async () => {
  const test = createTestSystem();
  const sent: unknown[] = [];
  const far = createRemoteRef<unknown>(test, { name: "far", tell: (message) => sent.push(message) < 3 });
  assertEquals(far.ref.path, "test/far");
  const got: Message[] = [];
  test.spawn(watcher(far.ref, got));
  await test.runUntilIdle();
  assertEquals(far.ref.tell("hello"), true);
  const refusal = far.ref.ask((replyTo) => replyTo, { timeoutMs: 1_000 }).catch((error) => error.code);
  assertEquals(far.ref.tell("too much"), false);
  assertEquals(test.deadLetters["mailbox-full"], 1);
  far.end("unreachable", new Error("connection lost"));
  far.end("stopped");
  await test.runUntilIdle();
  assertEquals(got, [{ type: "end", terminated: { ref: far.ref, reason: "unreachable" } }]);
  assertEquals(await refusal, "ask-dead");
  assertEquals(far.ref.tell("gone"), false);
  assertEquals(test.deadLetters.unreachable, 1);
});

Deno.test("a reference made by hand cannot be watched", async () => {
  const test = createTestSystem();
  const real = test.spawn<number>(() => () => {});
  const probe = test.probe();
  assertThrows(() => probe.watch({ ...real }), TypeError, "Cannot watch test/actor");
  await test.runUntilIdle();
});
