import { assertEquals } from "jsr:@std/assert@^1";
import { createTestSystem, type DeadLetter } from "../../actors/mod.ts";
import { recordingLogger } from "./helpers.ts";

Deno.test("dead letters are all counted and heard, but logged at most every ten seconds", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  const letters: DeadLetter[] = [];
  const remove = test.onDeadLetter((letter) => letters.push(letter));
  const actor = test.spawn<{ type: string }>(() => () => {}, { name: "small", mailboxMax: 1 });
  for (let count = 0; count < 101; count++) actor.tell({ type: "order" });
  assertEquals([letters.length, test.deadLetters["mailbox-full"], entries.length], [100, 100, 1]);
  test.stall(10_000);
  remove();
  actor.tell({ type: "order" });
  assertEquals([letters.length, test.deadLetters["mailbox-full"]], [100, 101]);
  assertEquals(entries.map(({ level, fields }) => [level, fields]), [
    ["warn", { to: "test/small", message: "order", reason: "mailbox-full", unlogged: 0 }],
    ["warn", { to: "test/small", message: "order", reason: "mailbox-full", unlogged: 99 }],
  ]);
  await test.runUntilIdle();
});

Deno.test("dead letters are counted but not logged during shutdown", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  const actor = test.spawn<number>((context) => () =>
    new Promise((resolve) => context.signal.addEventListener("abort", () => resolve()))
  );
  actor.tell(1);
  actor.tell(2);
  await test.runUntilIdle();
  await test.until(test.stop());
  actor.tell(3);
  assertEquals([test.deadLetters.ended, entries.length], [2, 0]);
});

Deno.test("a dead-letter listener that throws harms nobody", async () => {
  const { logger, entries } = recordingLogger();
  const test = createTestSystem({ logger });
  let heard = 0;
  test.onDeadLetter(() => {
    throw new Error("listener");
  });
  test.onDeadLetter(() => heard++);
  const actor = test.spawn<number>(() => () => {}, { mailboxMax: 1 });
  actor.tell(1);
  assertEquals(actor.tell(2), false);
  assertEquals([heard, entries[0].level], [1, "error"]);
  await test.runUntilIdle();
});
