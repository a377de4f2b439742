import { assert, assertEquals, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { type Behavior, createSystem, createTestSystem, type Ref, stop } from "../../actors/mod.ts";
import { never, recordingLogger } from "./helpers.ts";

Deno.test("stop from a handler ends the actor after this message; the rest is dead letters", async () => {
  const test = createTestSystem();
  const got: number[] = [];
  const actor = test.spawn<number>(() => (message) => {
    got.push(message);
    if (message === 2) return stop;
  });
  for (const message of [1, 2, 3, 4]) actor.tell(message);
  await test.runUntilIdle();
  assertEquals(got, [1, 2]);
  assertEquals(test.deadLetters.ended, 2);
  assertEquals(actor.tell(5), false);
});

Deno.test("system stop ends children before their parents and resolves when all are gone", async () => {
  const ends: string[] = [];
  const system = createSystem({ name: "s", observer: { onStop: (ref) => ends.push(ref.path) } });
  const branch = (depth: number): Behavior<never> => (context) => {
    if (depth > 0) { for (const name of ["left", "right"]) context.spawn(branch(depth - 1), { name }); }
    return () => {};
  };
  system.spawn(branch(2), { name: "top" });
  await system.stop();
  assertEquals(ends.length, 7);
  for (const path of ends) {
    for (const other of ends) {
      if (other.startsWith(`${path}/`)) assert(ends.indexOf(other) < ends.indexOf(path), `${other} before ${path}`);
    }
  }
});

Deno.test("stop can be called again and again, for one actor and for the system", async () => {
  const system = createSystem();
  const actor = system.spawn<number>(() => () => {});
  await Promise.all([system.stop(actor), system.stop(actor)]);
  await Promise.all([system.stop(), system.stop()]);
  await system.stop();
  assertThrows(() => system.spawn(() => () => {}), Error, "its parent system has stopped");
});

Deno.test("only children can be stopped", async () => {
  const test = createTestSystem();
  let grandchild: Ref<never> | undefined;
  test.spawn<never>((context) => {
    grandchild = context.spawn(() => () => {}, { name: "inner" });
    return () => {};
  }, { name: "outer" });
  await test.runUntilIdle();
  await assertRejects(
    () => test.stop(grandchild!),
    TypeError,
    "Cannot stop test/outer/inner: it is not a child of test",
  );
});

Deno.test("context stop ends a child and tells when it is gone", async () => {
  const test = createTestSystem();
  const events: string[] = [];
  const parent = test.spawn<string>((context) => {
    const child = context.spawn((inner) => {
      inner.signal.addEventListener("abort", () => events.push("child aborted"));
      return () => {};
    });
    return (message) => {
      if (message === "stop child") context.pipe(context.stop(child), () => "child gone", String);
      else events.push(message);
    };
  });
  await test.runUntilIdle();
  parent.tell("stop child");
  await test.runUntilIdle();
  assertEquals(events, ["child aborted", "child gone"]);
});

Deno.test("stop waits for the handler's promise, and what it does until then still counts", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  const gate = Promise.withResolvers<void>();
  const events: string[] = [];
  const actor = test.spawn<string>((context) => async () => {
    await gate.promise;
    events.push(`settled, aborted ${context.signal.aborted}`);
  });
  actor.tell("work");
  await test.runUntilIdle();
  const gone = test.stop(actor).then(() => events.push("gone"));
  await test.advance(1_000);
  assertEquals(events, []);
  gate.resolve();
  await test.runUntilIdle();
  await gone;
  assertEquals(events, ["settled, aborted true", "gone"]);
  assertEquals(entries, []);
});

Deno.test("stop does not wait longer than the grace for a promise that never settles", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  const actor = test.spawn<string>(() => never, { name: "hung" });
  actor.tell("hang");
  await test.runUntilIdle();
  await test.until(test.stop());
  assertEquals(test.clock.now(), 5_000);
  assertEquals(entries.map(({ level, fields }) => [level, fields.actor, fields.limit]), [
    ["warn", "test/hung", "stopGraceMs 5000"],
  ]);
});

Deno.test("an actor that awaits its own stop is released by the grace", async () => {
  const test = createTestSystem();
  const actor: Ref<string> = test.spawn<string>(() => async () => {
    await test.stop(actor);
  }, { stopGraceMs: 10 });
  const probe = test.probe();
  probe.watch(actor);
  actor.tell("stop yourself");
  await test.advance(10);
  assertEquals(probe.terminated.map(({ reason }) => reason), ["stopped"]);
});

Deno.test("a rejection while the actor stops is logged, unless it is the abort itself", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  const actor = (fail: (reason: unknown) => unknown) =>
    test.spawn<string>((context) => () =>
      new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(fail(context.signal.reason))))
    );
  actor((reason) => reason).tell("wait");
  actor(() => new Error("cannot save")).tell("save");
  await test.runUntilIdle();
  await test.until(test.stop());
  assertEquals(entries.map(({ level, fields }) => [level, fields.actor, String(fields.cause)]), [
    ["error", "test/actor#2", "Error: cannot save"],
  ]);
});

Deno.test("an actor that is stopped before it could start never starts", async () => {
  const test = createTestSystem();
  let started = 0;
  const behavior = () => {
    started++;
    return () => {};
  };
  const gone = test.stop(test.spawn(behavior));
  await test.until(gone);
  // The start is before the stop in the system lane.
  assertEquals(started, 1);
});

Deno.test("names are made unique among the living", async () => {
  const test = createTestSystem();
  const spawn = (name?: string) => test.spawn<number>(() => () => {}, { name });
  const first = spawn("worker");
  assertEquals([first.path, spawn("worker").path, spawn().path, spawn().path], [
    "test/worker",
    "test/worker#2",
    "test/actor",
    "test/actor#3",
  ]);
  await test.until(test.stop(first));
  assertEquals(spawn("worker").path, "test/worker");
});

Deno.test("a signal listener that spawns on the way out cannot leave a child behind", async () => {
  const test = createTestSystem();
  let refused: unknown;
  const actor = test.spawn<string>((context) => {
    context.signal.addEventListener("abort", () => {
      try {
        context.spawn(() => () => {});
      } catch (error) {
        refused = error;
      }
    });
    return () => stop;
  });
  actor.tell("go");
  await test.runUntilIdle();
  assert(refused instanceof Error);
  await test.until(test.stop());
});
