/** Jobs that keep their own books, killed and resumed. */
import { assertEquals } from "jsr:@std/assert@^1";
import { ChunkList, type ChunkListData, defineJobPair } from "../../job/mod.ts";
import { identity } from "./fake_node.ts";
import { crash, withLives } from "./lives.ts";

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

/** Books whose tasks depend on what was collected before they were made, and which take a while to make one. */
function adaptive(gates: Promise<void>[]) {
  const given: number[] = [];
  const seen: number[] = [];
  const job = defineJobPair({
    name: identity.job,
    server: () => ({
      prepareDataForNode: async () => {
        await gates.shift();
        if (given.length === 4) return { status: "waiting" };
        given.push(seen.length);
        return { status: "unfinished", data: { id: given.length - 1, after: seen.length } };
      },
      processDataFromNode: (_node, { id, after }: { id: number; after: number }) => {
        if (given[id] !== after) throw new Error(`task ${id} was made after ${given[id]} results, not after ${after}`);
        seen.push(id);
      },
    }),
    node: () => ({ processDataFromServer: (data) => data }),
  });
  return { job, seen };
}

Deno.test("books that take their time are resumed by the calls in the order in which they were made", async () => {
  await withLives(async (life) => {
    const open = Promise.resolve();
    const gate = Promise.withResolvers<void>();
    const before = adaptive([open, open, gate.promise]);
    const first = await life(before.job);
    const [one, other] = [await first.join({ name: "one" }), await first.join({ name: "other" })];
    assertEquals([one.tasks.length, other.tasks.length], [2, 0]);
    // While the books make a task for the one, after no result, the result of another task is stored.
    one.succeed(one.tasks[0], (data) => data);
    await first.settle();
    assertEquals([first.journal.collectedCount, before.seen], [1, []]);
    gate.resolve();
    await first.settle();
    const held = [...one.tasks.slice(1), ...other.tasks];
    for (const node of [one, other]) {
      node.succeed(node.tasks.filter((task) => held.includes(task)), (data) => data);
    }
    await first.settle();
    assertEquals(before.seen.length, 1 + held.length);
    await crash(first, [one, other]);

    const after = adaptive([]);
    const second = await life(after.job);
    await second.settle();
    assertEquals(after.seen, before.seen);
    second.server.stop("seen enough");
    assertEquals((await second.system.until(second.server.done)).outcome, "stopped");
  });
});
