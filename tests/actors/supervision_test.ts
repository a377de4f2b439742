import { assert, assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { type Behavior, createRandom, createTestSystem, restart, type Supervision } from "../../actors/mod.ts";
import { describeMessage, grantRestart } from "../../actors/supervision.ts";
import { never, recordingLogger } from "./helpers.ts";

type Count = "add" | "crash" | "report";

/** Counts, and reports to `report`, which is fresh after each restart. */
function counter(report: (count: number) => void): Behavior<Count> {
  return () => {
    let count = 0;
    return (message) => {
      if (message === "crash") throw new Error("crashed");
      if (message === "add") count++;
      else report(count);
    };
  };
}

const atOnce = restart({ max: 3, withinMs: 1_000, backoffMs: 0 });

Deno.test("supervision stops a failed child by default", async () => {
  const test = createTestSystem();
  const probe = test.probe();
  const actor = test.spawn(counter(() => {}));
  probe.watch(actor);
  actor.tell("crash");
  await test.runUntilIdle();
  assertEquals(probe.terminated.map(({ reason, cause }) => [reason, (cause as Error).message]), [[
    "failed",
    "crashed",
  ]]);
  assertEquals(actor.tell("add"), false);
});

Deno.test("restart gives fresh state, keeps the mailbox and loses the failing message only", async () => {
  const test = createTestSystem();
  const reports: number[] = [];
  const actor = test.spawn(counter((count) => reports.push(count)), { supervision: atOnce });
  for (const message of ["add", "add", "report", "crash", "add", "report"] as const) actor.tell(message);
  await test.runUntilIdle();
  assertEquals(reports, [2, 1]);
  assertEquals(test.deadLetters, { "mailbox-full": 0, ended: 0, "late-reply": 0, unreachable: 0 });
});

Deno.test("restart also follows a promise that rejects", async () => {
  const test = createTestSystem();
  let starts = 0;
  const actor = test.spawn<string>(() => {
    starts++;
    return (message) => message === "crash" ? Promise.reject(new Error("later")) : undefined;
  }, { supervision: atOnce });
  actor.tell("crash");
  actor.tell("fine");
  await test.runUntilIdle();
  assertEquals(starts, 2);
});

Deno.test("restart budget is exact, and is refilled when the window has passed", async () => {
  const test = createTestSystem();
  const probe = test.probe();
  let starts = 0;
  const actor = test.spawn<void>(() => {
    starts++;
    return () => {
      throw new Error("again");
    };
  }, { supervision: atOnce });
  probe.watch(actor);
  for (let round = 0; round < 3; round++) actor.tell();
  await test.runUntilIdle();
  assertEquals([starts, probe.terminated.length], [4, 0]);
  await test.advance(1_000);
  for (let round = 0; round < 3; round++) actor.tell();
  await test.runUntilIdle();
  assertEquals([starts, probe.terminated.length], [7, 0]);
  actor.tell();
  await test.runUntilIdle();
  assertEquals([starts, probe.terminated.map(({ reason }) => reason)], [7, ["failed"]]);
});

Deno.test("restart storm of a factory that always throws ends with its budget", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  const probe = test.probe();
  let starts = 0;
  const actor = test.spawn<number>(() => {
    starts++;
    throw new Error("no way to start");
  }, { supervision: restart({ max: 5, withinMs: 60_000, backoffMs: 100 }) });
  probe.watch(actor);
  actor.tell(1);
  await test.advance(60_000);
  assertEquals([starts, probe.terminated.map(({ reason }) => reason)], [6, ["failed"]]);
  assertEquals(entries.filter(({ level }) => level === "error").length, 6);
  assertEquals(
    entries.filter(({ text }) => text === "actor failed").at(-1)?.fields.then,
    "stop, for 5 restarts within 60000 ms are spent",
  );
  assertEquals(test.deadLetters.ended, 1);
});

Deno.test("a behavior that returns no handler is a failure that says so", async () => {
  const test = createTestSystem();
  const probe = test.probe();
  const actor = test.spawn((() => undefined) as unknown as Behavior<number>, { name: "odd" });
  probe.watch(actor);
  await test.runUntilIdle();
  const { reason, cause } = probe.terminated[0];
  assertEquals([reason, (cause as Error).message], [
    "failed",
    "Cannot start test/odd: its behavior returned undefined, want a handler function",
  ]);
});

Deno.test("children are gone before their parent restarts", async () => {
  const test = createTestSystem({ seed: 3 });
  const events: string[] = [];
  const actor = test.spawn<string>((context) => {
    events.push("start parent");
    context.spawn((inner) => {
      events.push("start child");
      inner.spawn((innermost) => {
        innermost.signal.addEventListener("abort", () => events.push("end grandchild"));
        return () => {};
      });
      inner.signal.addEventListener("abort", () => events.push("end child"));
      return () => {};
    });
    return () => {
      throw new Error("parent fails");
    };
  }, { supervision: atOnce });
  await test.runUntilIdle();
  actor.tell("fail");
  await test.runUntilIdle();
  assertEquals(events, [
    "start parent",
    "start child",
    "end child",
    "end grandchild",
    "start parent",
    "start child",
  ]);
});

Deno.test("mailbox of a failed actor fills up to its bound until it restarts, and is then worked off", async () => {
  const test = createTestSystem({ seed: 1 });
  const got: number[] = [];
  const actor = test.spawn<number>(() => (message) => {
    if (message < 0) throw new Error("negative");
    got.push(message);
  }, { mailboxMax: 4, supervision: restart({ max: 1, withinMs: 1_000, backoffMs: 500 }) });
  actor.tell(-1);
  await test.runUntilIdle();
  assertEquals([1, 2, 3, 4, 5].map(actor.tell), [true, true, true, true, false]);
  await test.runUntilIdle();
  assertEquals(got, []);
  await test.advance(500);
  assertEquals(got, [1, 2, 3, 4]);
  assertEquals(test.deadLetters["mailbox-full"], 1);
});

Deno.test("escalation fails the parent, which then decides: a restart of both", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  const starts: string[] = [];
  const parent = test.spawn<string>((context) => {
    starts.push("parent");
    const child = context.spawn<string>(() => {
      starts.push("child");
      return (message) => {
        throw new Error(message);
      };
    }, { name: "child", supervision: "escalate" });
    return (message) => void child.tell(message);
  }, { name: "parent", supervision: atOnce });
  parent.tell("boom");
  await test.runUntilIdle();
  assertEquals(starts, ["parent", "child", "parent", "child"]);
  assertEquals(entries.map(({ level, fields }) => [level, fields.actor, fields.message, fields.then]), [
    ["error", "test/parent/child", "string", "escalate"],
  ]);
});

Deno.test("escalation to the top ends that actor and no other", async () => {
  const test = createTestSystem();
  const probe = test.probe();
  const other = test.spawn<number>(() => () => {});
  const escalate = (depth: number): Behavior<string> => (context) => {
    const child = depth > 0 ? context.spawn(escalate(depth - 1), { supervision: "escalate" }) : undefined;
    if (child !== undefined) probe.watch(child);
    return (message) => {
      if (child === undefined) throw new Error(message);
      child.tell(message);
    };
  };
  const top = test.spawn(escalate(2), { supervision: "escalate" });
  probe.watch(top);
  await test.runUntilIdle();
  top.tell("up");
  await test.runUntilIdle();
  assertEquals(probe.terminated.map(({ reason, cause }) => [reason, (cause as Error).message]), [
    ["failed", "up"],
    ["failed", "up"],
    ["failed", "up"],
  ]);
  assert(other.tell(1));
  assert(test.spawn(() => () => {}).tell(1 as never));
});

Deno.test("escalation reaches a parent that waits for a promise, whose old handler has no say afterwards", async () => {
  const test = createTestSystem();
  const gate = Promise.withResolvers<void>();
  let starts = 0;
  const got: string[] = [];
  const parent = test.spawn<string>((context) => {
    starts++;
    const child = context.spawn<string>(() => () => {
      throw new Error("child fails");
    }, { supervision: "escalate" });
    return async (message) => {
      got.push(message);
      if (message !== "hang") return;
      child.tell("fail");
      await gate.promise;
      return () => void got.push("handler of the former life");
    };
  }, { supervision: atOnce });
  parent.tell("hang");
  parent.tell("next");
  await test.runUntilIdle();
  assertEquals([starts, got], [1, ["hang"]]);
  gate.resolve();
  await test.runUntilIdle();
  assertEquals([starts, got], [2, ["hang", "next"]]);
});

Deno.test("a restart does not wait for a promise longer than the grace", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  let starts = 0;
  const parent = test.spawn<string>((context) => {
    starts++;
    const child = context.spawn<string>(() => () => {
      throw new Error("child fails");
    }, { supervision: "escalate" });
    return (message) => {
      child.tell(message);
      return never();
    };
  }, { supervision: atOnce, stopGraceMs: 200 });
  parent.tell("fail");
  await test.advance(199);
  assertEquals(starts, 1);
  await test.advance(1);
  assertEquals(starts, 2);
  assertEquals(entries.map(({ level }) => level), ["error", "warn"]);
});

Deno.test("each failure is logged once: actor, message type, cause and what follows, not the message", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  const cause = new Error("bad");
  const actor = test.spawn<{ type: string; secret: string }>(() => () => {
    throw cause;
  }, { name: "worker", supervision: restart({ max: 1, withinMs: 10, backoffMs: 0 }) });
  actor.tell({ type: "job", secret: "x" });
  await test.runUntilIdle();
  actor.tell({ type: "last", secret: "x" });
  await test.runUntilIdle();
  assertEquals(entries, [
    {
      level: "error",
      text: "actor failed",
      fields: { actor: "test/worker", message: "job", then: "restart in 0 ms", cause },
    },
    {
      level: "error",
      text: "actor failed",
      fields: { actor: "test/worker", message: "last", then: "stop, for 1 restarts within 10 ms are spent", cause },
    },
  ]);
});

Deno.test("stop during the backoff ends the actor at once and for good", async () => {
  const test = createTestSystem({ seed: 5 });
  let starts = 0;
  const actor = test.spawn<string>(() => {
    starts++;
    return () => {
      throw new Error("fails");
    };
  }, { supervision: restart({ max: 9, withinMs: 1e6, backoffMs: 1e4 }) });
  actor.tell("x");
  await test.runUntilIdle();
  const stopped = test.stop(actor);
  await test.runUntilIdle();
  await stopped;
  await test.advance(1e6);
  assertEquals(starts, 1);
});

Deno.test("backoff doubles with each restart in the window, has full jitter and a bound", () => {
  const policy = restart({ max: 100, withinMs: 1_000, backoffMs: 100 });
  const most = { next: () => 0.5 };
  const spent: number[] = [];
  const waits = Array.from({ length: 10 }, () => grantRestart(policy, spent, 0, most));
  assertEquals(waits, [50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000]);
  assertEquals(grantRestart(policy, spent, 1_000, most), 50);
  const random = createRandom(1);
  const jittered = Array.from({ length: 1_000 }, () => grantRestart(policy, [], 0, random)!);
  assert(Math.min(...jittered) < 5 && Math.max(...jittered) > 95 && Math.max(...jittered) < 100);
  const forever = restart({ max: Infinity, withinMs: Infinity, backoffMs: 0 });
  assertEquals(grantRestart(forever, new Array(5_000).fill(0), 0, most), 0);
});

Deno.test("restart refuses options out of range, and spawn a supervision that is none", () => {
  const good = { max: 1, withinMs: 1, backoffMs: 0 };
  for (
    const bad of [{ max: -1 }, { max: 1.5 }, { withinMs: 0 }, { withinMs: NaN }, { backoffMs: -1 }, {
      backoffMs: Infinity,
    }]
  ) {
    assertThrows(() => restart({ ...good, ...bad }), RangeError, `${Object.keys(bad)[0]} is ${Object.values(bad)[0]}`);
  }
  const test = createTestSystem();
  assertThrows(() => test.spawn(() => () => {}, { supervision: "resume" as Supervision }), RangeError, "resume");
});

Deno.test("a message is described by its type, without its content", () => {
  class Ping {}
  const hostile = {
    get type(): string {
      throw new Error("no");
    },
  };
  const descriptions = [{ type: "a" }, new Ping(), "text", 3, null, undefined, Object.create(null), hostile].map(
    describeMessage,
  );
  assertEquals(descriptions, ["a", "Ping", "string", "number", "null", "undefined", "object", "object"]);
});
