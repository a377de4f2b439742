import { assertEquals } from "jsr:@std/assert@^1";
import { createTestSystem, restart } from "../../actors/mod.ts";
import { recordingLogger } from "./helpers.ts";

Deno.test("observer hears of spawns, messages with their time, restarts and ends", async () => {
  const events: unknown[] = [];
  const test = createTestSystem({
    observer: {
      onSpawn: (ref) => events.push(["spawn", ref.path]),
      onMessage: (ref, message, elapsedMs) => events.push(["message", ref.path, message, elapsedMs]),
      onRestart: (ref, cause) => events.push(["restart", ref.path, (cause as Error).message]),
      onStop: (ref, reason) => events.push(["stop", ref.path, reason]),
    },
  });
  const actor = test.spawn<string>((context) => {
    context.after(20, "timer");
    return (message) => {
      if (message === "crash") throw new Error("crash");
      if (message === "slow") return new Promise((resolve) => void test.clock.setTimer(7, () => resolve()));
    };
  }, { name: "a", supervision: restart({ max: 1, withinMs: 1, backoffMs: 0 }) });
  for (const message of ["fast", "slow", "crash"]) actor.tell(message);
  await test.advance(100);
  await test.until(test.stop(actor));
  assertEquals(events, [
    ["spawn", "test/a"],
    ["message", "test/a", "fast", 0],
    ["message", "test/a", "slow", 7],
    ["message", "test/a", "crash", 0],
    ["restart", "test/a", "crash"],
    ["message", "test/a", "timer", 0],
    ["stop", "test/a", "stopped"],
  ]);
});

Deno.test("an observer that throws is logged and harms nobody", async () => {
  const { logger, entries } = recordingLogger();
  const fail = () => {
    throw new Error("observer");
  };
  const test = createTestSystem({ logger, observer: { onSpawn: fail, onMessage: fail, onStop: fail } });
  let handled = 0;
  const actor = test.spawn<number>(() => () => void handled++);
  actor.tell(1);
  await test.runUntilIdle();
  await test.until(test.stop(actor));
  assertEquals([handled, entries.length], [1, 3]);
});
