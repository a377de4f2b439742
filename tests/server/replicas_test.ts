import { assert, assertEquals } from "jsr:@std/assert@^1";
import { serve } from "./harness.ts";
import { crash, withLives } from "./lives.ts";
import { double, doubled, inOrder, numbers } from "./numbers.ts";

/** Numbers to be doubled by two nodes that agree. */
function voting(
  count: number,
  agree: (a: unknown, b: unknown) => boolean | Promise<boolean> = (a, b) => a === b,
) {
  const { job, collected } = numbers(count);
  const book = (...given: Parameters<typeof job.book>) => ({ ...job.book(...given), agree });
  return { job: { ...job, replicas: 2, book }, collected };
}

Deno.test("a result counts when enough nodes agree, and a liar is outvoted", async () => {
  const { job, collected } = voting(2);
  const { join, server, settle, system, log } = await serve(job);
  const nodes = [await join({ name: "liar" }), await join({ name: "b" }), await join({ name: "c" })];
  for (let round = 0; round < 20; round++) {
    for (const [index, node] of nodes.entries()) {
      const tasks = node.tasks.splice(0);
      assertEquals(new Set(tasks.map(({ task }) => task)).size, tasks.length, "no two copies on one node");
      node.succeed(tasks, index === 0 ? () => 666 : double);
    }
    await settle();
  }
  const summary = await system.until(server.done);
  assertEquals([summary.outcome, inOrder(collected)], ["complete", doubled(2) as [number, number][]]);
  assert(log.some((line) => line.includes("disagree")));
});

Deno.test("no further copy is made while a result that has come is still to be compared", async () => {
  const gate = Promise.withResolvers<void>();
  const { job, collected } = voting(1, (a, b) => gate.promise.then(() => a === b));
  const { join, server, settle, system, log } = await serve(job);
  const [away, liar] = [await join({ name: "away" }), await join({ name: "liar" })];
  const given = away.tasks[0];
  away.connection.abort();
  await settle();
  const third = await join({ name: "third" });
  liar.succeed(liar.tasks.splice(0), () => 666);
  third.succeed(third.tasks.splice(0), double);
  await settle();
  const back = await join({ name: "away", was: away });
  back.holds([given]);
  back.succeed(given, double);
  await settle();
  gate.resolve();
  const summary = await system.until(server.done);
  assertEquals([summary.outcome, inOrder(collected)], ["complete", doubled(1) as [number, number][]]);
  assert(!log.some((line) => line.includes("disagree")), "two of the three agree");
});

Deno.test("a node that went and came back has one vote, though it was given the task twice", async () => {
  const { job, collected } = voting(1);
  const { join, server, settle, system } = await serve(job);
  const liar = await join({ name: "liar" });
  const [first] = liar.tasks;
  liar.connection.abort();
  await settle();
  const back = await join({ name: "liar", was: liar });
  back.holds([]);
  await settle();
  const [second] = back.tasks;
  assertEquals([first.task, second.task], [0, 0]);
  back.succeed([first, second], () => 666);
  await settle();
  assertEquals(collected, [], "nobody has agreed with it");
  assertEquals(back.acks.length, 2);
  const honest = [await join({ name: "b" }), await join({ name: "c" })];
  for (let round = 0; round < 5; round++) {
    for (const node of honest) node.succeed(node.tasks.splice(0), double);
    await settle();
  }
  const summary = await system.until(server.done);
  assertEquals([summary.outcome, inOrder(collected)], ["complete", doubled(1) as [number, number][]]);
});

Deno.test("a node has one vote, whatever attempts it says to have from earlier lives of the server", async () => {
  await withLives(async (life) => {
    const first = await life(voting(1).job);
    const liar = await first.join({ name: "liar" });
    assertEquals(liar.tasks.length, 1);
    await crash(first, [liar]);

    const { job, collected } = voting(1);
    const { join, server, settle, system } = await life(job);
    const back = await join({ name: "liar", was: liar });
    const honest = await join({ name: "honest" });
    const claimed = [7, 8, 9].map((attempt) => ({ ...liar.tasks[0], attempt }));
    back.holds(claimed);
    await settle();
    back.succeed(claimed, () => 666);
    await settle();
    assertEquals(collected, [], "nobody has agreed with it");
    const other = await join({ name: "other" });
    back.connection.abort();
    for (let round = 0; round < 5; round++) {
      for (const node of [honest, other]) node.succeed(node.tasks.splice(0), double);
      await settle();
    }
    const summary = await system.until(server.done);
    assertEquals([summary.outcome, inOrder(collected)], ["complete", doubled(1) as [number, number][]]);
  });
});
