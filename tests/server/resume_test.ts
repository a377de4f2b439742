import { assert, assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { ChunkList, type ChunkListData, defineJob, defineJobPair } from "../../job/mod.ts";
import type { Job, Summary } from "../../job/types.ts";
import type { Config } from "../../server/config.ts";
import { readJobLog } from "../../server/journal/job_log.ts";
import { openJournal } from "../../server/journal/journal.ts";
import type { Journal, JournalOptions } from "../../server/journal/types.ts";
import { type FakeNode, identity } from "./fake_node.ts";
import { serve, type TestServer } from "./harness.ts";
import { double, doubled, inOrder, numbers } from "./numbers.ts";

/** Runs a test with a folder of its own, in which lives of a server share a journal. */
async function withLives(
  test: (
    life: (
      job: Job,
      options?: Partial<JournalOptions>,
      config?: Partial<Config>,
    ) => Promise<TestServer & { journal: Journal }>,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const open: Journal[] = [];
  try {
    await test(async (job, options = {}, config = {}) => {
      const header = {
        ...{ job: job.name, codeHash: identity.codeHash, packageVersion: identity.package },
        ...{ options: job.options, pinned: job.pinned },
      };
      const journal = openJournal(`${folder}/test.journal`, header, { resume: open.length > 0, now: 0, ...options });
      open.push(journal);
      return { ...await serve(job, { journal, config }), journal };
    });
  } finally {
    for (const journal of open) journal.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The server's process ends without a word: what was not committed is lost, and so are all connections. */
async function crash({ journal, settle }: TestServer & { journal: Journal }, nodes: FakeNode[]): Promise<void> {
  journal.close();
  for (const node of nodes) node.connection.abort();
  await settle();
}

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

/** A job that keeps its own books: the doubles of six numbers. */
const pair = (withSnapshot: boolean) => {
  const sums = { sum: 0, finished: 0 };
  const job = defineJobPair({
    name: identity.job,
    server: () => {
      let chunks = ChunkList.of(Array.from({ length: 6 }, (_, index) => index));
      return {
        prepareDataForNode(node) {
          const chunk = chunks.next(node);
          if (chunk) return { status: "unfinished", data: { id: chunk.id, number: chunk.data } };
          return { status: chunks.allFinished ? "finished" : "waiting" };
        },
        processDataFromNode(node, { id, value }: { id: number; value: number }) {
          chunks.finish(id, node, () => void (sums.sum += value));
        },
        heartbeatTimeout: (nodes) => void chunks.heartbeatTimeout(nodes),
        finishJob: () => void sums.finished++,
        ...(withSnapshot && {
          snapshot: () => ({ sum: sums.sum, chunks: chunks.save() }),
          restore: (saved: { sum: number; chunks: ChunkListData<number> }) => {
            sums.sum = saved.sum;
            chunks = ChunkList.restore(saved.chunks);
          },
        }),
      };
    },
    node: () => ({ processDataFromServer: ({ id, number }) => ({ id, value: number * 2 }) }),
  });
  return { job, sums };
};

const answer = (data: unknown) => {
  const { id, number } = data as { id: number; number: number };
  return { id, value: number * 2 };
};

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

Deno.test("job with its own books is resumed by the same calls in the same order", async () => {
  await withLives(async (life) => {
    const before = pair(false);
    const first = await life(before.job);
    const node = await first.join({ slots: 2 });
    node.succeed(node.tasks.slice(0, 2), answer);
    await first.settle();
    assertEquals(before.sums.sum, 2);
    await crash(first, [node]);

    const after = pair(false);
    const second = await life(after.job);
    await second.settle();
    const other = await second.join({ slots: 8 });
    assertEquals([after.sums.sum, other.tasks.length], [2, 4]);
    other.succeed(other.tasks, answer);
    const summary = await second.system.until(second.server.done);
    assertEquals([summary.outcome, after.sums.sum, after.sums.finished], ["complete", 30, 1]);
  });
});

Deno.test("job with its own books goes on from its snapshot, and gives no number twice", async () => {
  await withLives(async (life) => {
    const first = await life(pair(true).job);
    const node = await first.join({ slots: 8 });
    node.succeed(node.tasks.splice(0, 2), answer);
    await first.settle();
    for (let passed = 0; passed < 31_000; passed += 500) {
      node.say({ type: "heartbeat" });
      await first.system.advance(500);
    }
    for (let round = 0; round < 2; round++) {
      node.succeed(node.tasks.splice(0, 1), answer);
      await first.settle();
    }
    assertEquals(first.journal.snapshot()?.tasks, [[0, 2]]);
    await crash(first, [node]);

    const after = pair(true);
    const second = await life(after.job);
    await second.settle();
    const other = await second.join({ slots: 8 });
    assertEquals([after.sums.sum, other.tasks.map(({ task }) => task)], [6, [6, 7, 8]]);
    other.succeed(other.tasks, answer);
    const summary = await second.system.until(second.server.done);
    assertEquals([summary.outcome, after.sums.sum, after.sums.finished], ["complete", 30, 1]);
  });
});
