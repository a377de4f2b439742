import { assert, assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { defineJob } from "../../job/mod.ts";
import type { Summary } from "../../job/types.ts";
import { readJobLog } from "../../server/journal/job_log.ts";
import { type FakeNode, identity } from "./fake_node.ts";
import { crash, withLives } from "./lives.ts";
import { double, doubled, inOrder, numbers } from "./numbers.ts";

Deno.test("server acknowledges results when they are in the journal, and not before", async () => {
  await withLives(async (life) => {
    const { job } = numbers(3);
    const { join, settle, journal } = await life(job);
    const node = await join();
    assertEquals(journal.collectedCount, 0);
    node.succeed(node.tasks[0], double);
    await settle();
    assertEquals([journal.collectedCount, journal.pendingCount, node.acks], [1, 0, ["0/1"]]);
  });
});

Deno.test("server that was killed collects what it had acknowledged again, and computes only the rest", async () => {
  await withLives(async (life) => {
    const before = numbers(6);
    const first = await life(before.job);
    const node = await first.join({ slots: 2 });
    node.succeed(node.tasks.slice(0, 3), double);
    await first.settle();
    await crash(first, [node]);

    const after = numbers(6);
    const second = await life(after.job);
    const other = await second.join({ slots: 8 });
    assertEquals(other.tasks.map(({ task }) => task), [3, 4, 5]);
    assertEquals(inOrder(after.collected), doubled(3));
    other.succeed(other.tasks, double);
    const summary = await second.system.until(second.server.done);
    assertEquals([summary.outcome, summary.collected, summary.resumed], ["complete", 6, 3]);
    assertEquals(inOrder(after.collected), doubled(6));
    assertEquals(second.journal.outcome, "complete");
  });
});

Deno.test("node outlives its server: what it holds and what it finished meanwhile still counts", async () => {
  await withLives(async (life) => {
    const first = await life(numbers(8).job);
    const node = await first.join({ slots: 2 });
    const [one, two, three, four] = node.tasks;
    node.succeed(one, double);
    await first.settle();
    await crash(first, [node]);

    const { job, collected } = numbers(8);
    const second = await life(job);
    const back = await second.join({ slots: 2, was: node });
    assertEquals(back.welcome().resumed, true);
    back.holds([two, three, four]);
    back.succeed([two, three], double);
    await second.settle();
    assertEquals(back.acks.sort(), ["1/1", "2/1"]);
    const fresh = () => back.tasks.filter(({ task }) => task > 3);
    assert(!back.tasks.some(({ task, attempt }) => task === 3 && attempt === 1), "it has that one already");
    back.succeed(four, double);
    for (let round = 0; round < 10; round++) {
      back.succeed(fresh(), double);
      back.tasks.length = 0;
      await second.settle();
    }
    const summary = await second.system.until(second.server.done);
    assertEquals([summary.collected, summary.resumed, summary.nodes, summary.outcome], [8, 1, 1, "complete"]);
    assertEquals(inOrder(collected), doubled(8));
  });
});

Deno.test("task that was made again before its node came back is not computed again", async () => {
  for (const isFinished of [false, true]) {
    await withLives(async (life) => {
      const first = await life(numbers(4).job);
      const node = await first.join({ slots: 4 });
      await crash(first, [node]);

      const { job, collected } = numbers(4);
      const second = await life(job);
      // Alone, the server asks whether the job is complete, and so makes the first task.
      await second.system.advance(600);
      const back = await second.join({ slots: 4, was: node });
      back.holds(node.tasks);
      if (isFinished) back.succeed(node.tasks, double);
      await second.settle();
      assertEquals(back.tasks, [], "it has them all");
      assertEquals(back.control.filter(({ type }) => type === "cancel"), []);
      if (!isFinished) back.succeed(node.tasks, double);
      const summary = await second.system.until(second.server.done);
      assertEquals([summary.outcome, summary.dropped], ["complete", 0]);
      assertEquals(inOrder(collected), doubled(4));
    });
  }
});

Deno.test("server may be killed after any result, again and again, and nothing is lost or counted twice", async () => {
  for (let seed = 1; seed <= 8; seed++) {
    await withLives(async (life) => {
      let random = seed;
      const next = (bound: number) => (random = (random * 48_271) % 2_147_483_647) % bound;
      for (let was: FakeNode | undefined, lives = 1;; lives++) {
        const { job, collected } = numbers(30);
        const server = await life(job);
        const node = await server.join({ slots: 1 + next(3), was });
        const held = was?.tasks.splice(0) ?? [];
        if (was) node.holds(held);
        await server.settle();
        assert(lives < 100, `seed ${seed} does not come to an end`);
        node.tasks.push(...held);
        for (let step = next(6); step > 0 && node.tasks.length > 0; step--) {
          node.succeed(node.tasks.splice(0, 1 + next(3)), double);
          if (next(2)) await server.settle();
        }
        if (lives > 40) {
          while (node.tasks.length > 0) {
            node.succeed(node.tasks.splice(0), double);
            await server.settle();
          }
        }
        if (collected.length === 30) {
          assertEquals((await server.system.until(server.server.done)).outcome, "complete");
          assertEquals(inOrder(collected), doubled(30), `seed ${seed}`);
          return;
        }
        await crash(server, [node]);
        was = node;
      }
    });
  }
});

Deno.test("job that makes other tasks than before is not resumed", async () => {
  await withLives(async (life) => {
    const tasksOf = (tasks: number[]) => defineJob({ name: identity.job, tasks: () => tasks, compute: double });
    const first = await life(tasksOf([1, 2, 3]));
    const node = await first.join();
    node.succeed(node.tasks, double);
    await first.settle();
    await crash(first, [node]);
    const second = await life(tasksOf([1, 7, 3]));
    await second.join();
    const summary = await second.system.until(second.server.done);
    assertEquals(summary.outcome, "failed");
    assertMatch(summary.reason!, /task 1 is no longer the one whose result is stored/);
  });
});

Deno.test("snapshot of the state stands for the results in it", async () => {
  await withLives(async (life) => {
    const collectedBy: number[][] = [];
    const job = () => {
      const collected: number[] = [];
      collectedBy.push(collected);
      return defineJob({
        name: identity.job,
        state: () => ({ sum: 0 }),
        tasks: () => [1, 2, 3, 4, 5, 6],
        compute: double,
        collect: (result, task, { state }) => {
          collected.push(task);
          state.sum += result;
        },
        snapshot: ({ sum }) => sum,
        restore: (sum) => ({ sum: sum as number }),
        finish: (_summary, { state, log }) => log(`sum ${state.sum}`),
      });
    };
    const first = await life(job());
    const node = await first.join({ slots: 8 });
    node.succeed(node.tasks.splice(0, 2), double);
    await first.settle();
    for (let passed = 0; passed < 31_000; passed += 500) {
      node.say({ type: "heartbeat" });
      await first.system.advance(500);
    }
    node.succeed(node.tasks.splice(0, 1), double);
    await first.settle();
    node.succeed(node.tasks.splice(0, 1), double);
    await first.settle();
    assertEquals(first.journal.snapshot()?.tasks, [[0, 2]]);
    await crash(first, [node]);

    const second = await life(job());
    const other = await second.join({ slots: 8 });
    assertEquals(collectedBy[1], [4], "only what came after the snapshot is collected again");
    other.succeed(other.tasks, double);
    const summary = await second.system.until(second.server.done);
    assertEquals([summary.collected, summary.outcome], [6, "complete"]);
    assert(second.log.some((line) => line.includes("sum 42")), second.log.join("\n"));
  });
});

Deno.test("task that failed for good ends a resumed job as before, unless it is to be tried again", async () => {
  for (const retryFailed of [false, true]) {
    await withLives(async (life) => {
      const job = { ...numbers(3).job, limits: { maxAttempts: 1 } };
      const first = await life(job);
      const node = await first.join({ slots: 4 });
      node.fail(node.tasks[1], { message: "no" });
      const failed = await first.system.until(first.server.done);
      assertEquals(failed.outcome, "failed");
      first.journal.close();

      const { job: again, collected } = numbers(3);
      const second = await life(again, { resume: true, retryFailed });
      const other = await second.join({ slots: 4 });
      if (retryFailed) other.succeed(other.tasks, double);
      const summary = await second.system.until(second.server.done);
      assertEquals([summary.outcome, summary.failed], retryFailed ? ["complete", 0] : ["failed", 1]);
      assertEquals(inOrder(collected), retryFailed ? doubled(3) as [number, number][] : []);
      assertEquals(summary.reason?.includes("task 1 failed once"), retryFailed ? undefined : true);
    });
  }
});

Deno.test("task that was quarantined has its nodes in the journal, its log, and the next life", async () => {
  await withLives(async (life) => {
    const first = await life(numbers(2).job, {}, { maxNodeLosses: 0, onFailure: "skip" });
    const node = await first.join({ name: "lab-7" });
    node.succeed(node.tasks[1], double);
    await first.settle();
    node.connection.abort();
    await first.system.until(first.server.done);
    const evidenceOf = ({ failures: [failure] }: Summary) => failure.evidence;
    const known = evidenceOf(await first.server.done);
    assertEquals(known.map(({ node, failure }) => [node, failure.kind]), [["lab-7", "node-lost"]]);
    const log = [...readJobLog(first.journal.path)];
    assertEquals(log[0].evidence, known);
    assertMatch(log[0].reason!, /with 1 node that was lost, last with node lab-7/);
    assertEquals(log.map(({ task, node, outcome }) => [task, node, outcome]), [
      [0, "lab-7", "quarantined"],
      [1, "lab-7", "collected"],
    ]);
    first.journal.close();
    const second = await life(numbers(2).job, { resume: true }, { onFailure: "skip" });
    assertEquals(evidenceOf(await second.system.until(second.server.done)), known);
  });
});
