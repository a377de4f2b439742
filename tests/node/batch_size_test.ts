import { assertAlmostEquals, assertEquals } from "jsr:@std/assert@^1";
import { tasksInside, updateEstimate } from "../../node/batch_size.ts";

Deno.test("a worker is given about eight milliseconds of work, and no more than 1024 tasks", () => {
  assertEquals([0, 0.001, 0.01, 0.1, 1].map(tasksInside), [1024, 1024, 800, 80, 8]);
});

Deno.test("behind a short task one waits, behind a long task or an unknown one none", () => {
  assertEquals([5, 49.9, 50, 60_000, undefined].map(tasksInside), [2, 2, 1, 1, 1]);
});

Deno.test("the estimate weighs tasks alike, whether they come alone or in batches", () => {
  let alone: number | undefined = 10;
  for (let i = 0; i < 20; i++) alone = updateEstimate(alone, 2, 1);
  assertAlmostEquals(updateEstimate(10, 40, 20), alone, 1e-9);
  assertEquals(updateEstimate(undefined, 40, 20), 2);
});
