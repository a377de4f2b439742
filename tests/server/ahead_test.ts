import { assert, assertEquals, assertNotEquals } from "jsr:@std/assert@^1";
import { ChunkList, defineJob, defineJobPair } from "../../job/mod.ts";
import { createEarlyTable } from "../../server/early.ts";
import { JournalError } from "../../server/journal/errors.ts";
import type { Journal } from "../../server/journal/types.ts";
import { createPeers, type Peers } from "../../server/peers.ts";
import { createDisk, openMemoryJournal } from "../simulation/memory_journal.ts";
import { type FakeNode, identity } from "./fake_node.ts";
import { serve, type TestServer } from "./harness.ts";
import { double, numbers } from "./numbers.ts";

// What the simulator of clusters has found, one by one: see tests/simulation.

/** Lives of a server that share a disk, and a disk that can be full. */
function createLives() {
  const disk = createDisk();
  const state = { isFull: false };
  const open = (): Journal => {
    const journal = openMemoryJournal(disk, "ab".repeat(16));
    const commit = () => {
      if (state.isFull) throw new JournalError("journal-full", "memory", "no room");
      journal.commit();
    };
    return Object.create(journal, { commit: { value: commit } });
  };
  return { state, open };
}

/** The server's process ends without a word. */
async function crash({ settle }: TestServer, nodes: FakeNode[]): Promise<void> {
  for (const node of nodes) node.connection.abort();
  await settle();
}

/** A job with its own books that notes what is collected from whom. */
function chunks(count: number) {
  const collected: string[] = [];
  const job = defineJobPair({
    name: identity.job,
    server: () => {
      const list = ChunkList.of(Array.from({ length: count }, (_, index) => index));
      return {
        prepareDataForNode: (node: string) => {
          const chunk = list.next(node);
          if (chunk) return { status: "unfinished" as const, data: chunk.id };
          return { status: list.allFinished ? "finished" as const : "waiting" as const };
        },
        processDataFromNode: (node: string, id: number) => list.finish(id, node, () => void collected.push(`${id}`)),
        heartbeatTimeout: (nodes: string[]) => void list.heartbeatTimeout(nodes),
      };
    },
    node: () => ({ processDataFromServer: (id: number) => id }),
  });
  return { job, collected };
}

const same = (data: unknown) => data;

Deno.test("a resumed job with its own books takes no result of an earlier life for a new task", async () => {
  const { state, open } = createLives();
  const first = await serve(chunks(4).job, { journal: open() });
  const [a, b] = [await first.join({ name: "a" }), await first.join({ name: "b" })];
  await first.settle();
  // Nothing of this is on the disk when the server is killed, so that the next life gives the same numbers again.
  state.isFull = true;
  await crash(first, [a, b]);
  state.isFull = false;

  const { job, collected } = chunks(4);
  const second = await serve(job, { journal: open() });
  const back = await second.join({ name: "b", was: b });
  assertEquals(back.welcome().resumed, false);
  assertNotEquals(back.welcome().run, b.welcome().run);
  while (back.tasks.length > 0) {
    back.succeed(back.tasks.shift()!, same);
    await second.settle();
  }
  assertEquals((await second.system.until(second.server.done, { maxMs: 60_000 })).outcome, "complete");
  assertEquals(collected.sort(), ["0", "1", "2", "3"]);
});

Deno.test("a job with its own books gets no result of a node that it was told is gone", async () => {
  const { state, open } = createLives();
  const { job, collected } = chunks(1);
  const test = await serve(job, { journal: open() });
  const lost = await test.join({ name: "lost" });
  state.isFull = true;
  lost.succeed(lost.tasks[0], same);
  await test.settle();
  lost.connection.abort();
  const other = await test.join({ name: "other" });
  assertEquals(other.tasks.length, 1, "its work is given to others");
  state.isFull = false;
  await test.system.advance(1_100);
  assertEquals(collected, []);
  other.succeed(other.tasks[0], same);
  const summary = await test.system.until(test.server.done, { maxMs: 60_000 });
  assertEquals([summary.outcome, collected], ["complete", ["0"]]);
});

Deno.test("books learn at a resume that a node is gone which had been lost before and came back", async () => {
  const { state, open } = createLives();
  const first = await serve(chunks(2).job, { journal: open() });
  const node = await first.join({ name: "a" });
  node.connection.abort();
  await first.settle();
  const back = await first.join({ name: "a", was: node });
  back.holds([]);
  await first.settle();
  assert(back.tasks.length > 0);
  state.isFull = true;
  await crash(first, [back]);
  state.isFull = false;

  const { job, collected } = chunks(2);
  const second = await serve(job, { journal: open() });
  const other = await second.join({ name: "b", slots: 2 });
  other.succeed(other.tasks, same);
  assertEquals((await second.system.until(second.server.done, { maxMs: 60_000 })).outcome, "complete");
  assertEquals(collected, ["0", "1"]);
});

Deno.test("a task that one node is ahead with still gets its second replica", async () => {
  const { state, open } = createLives();
  const replicated = () => defineJob({ name: identity.job, tasks: () => [0], compute: double, replicas: 2 });
  const first = await serve(replicated(), { journal: open() });
  const ahead = await first.join({ name: "ahead" });
  state.isFull = true;
  await crash(first, [ahead]);
  state.isFull = false;

  const second = await serve(replicated(), { journal: open() });
  const back = await second.join({ name: "ahead", was: ahead });
  back.holds(ahead.tasks);
  back.succeed(ahead.tasks, double);
  const other = await second.join({ name: "other" });
  await second.settle();
  other.succeed(other.tasks, double);
  assertEquals((await second.system.until(second.server.done, { maxMs: 60_000 })).outcome, "complete");
});

Deno.test("a result that came ahead of its task is not given up for what another node has", () => {
  const early = createEarlyTable();
  const result = { task: 7, attempt: 1, status: "ok", elapsedMs: 1, payload: new Uint8Array() } as const;
  assert(early.note(7, { node: "a", attempt: 1 }));
  assert(early.note(7, { node: "b", attempt: 2, result }), "a result is more than the word that it will come");
  assertEquals(early.note(7, { node: "a", attempt: 1, result }), false);
  assertEquals(early.take(7)?.node, "b");
});

Deno.test("tasks that wait for a second node to compute them are bounded in number", async () => {
  let made = 0;
  function* endless() {
    for (;;) yield made++;
  }
  const test = await serve(defineJob({ name: identity.job, tasks: endless, compute: double, replicas: 2 }));
  const alone = await test.join({ slots: 4 });
  for (let round = 0; round < 1_000 && alone.tasks.length > 0; round++) {
    alone.succeed(alone.tasks.splice(0), double);
    await test.settle();
  }
  assertEquals(alone.tasks, []);
  assert(made < 2_000, `${made} tasks were made`);
});

Deno.test("a network that fails as a whole does not have a task taken for what ends its nodes", async () => {
  const { job } = numbers(1);
  const { join, server, system, settle } = await serve(job, { config: { maxNodeLosses: 2 } });
  const nodes = [];
  for (const name of ["a", "b", "c", "d", "e"]) nodes.push(await join({ name }));
  for (const { connection } of nodes) connection.abort();
  await settle();
  const last = await join({ name: "last" });
  assertEquals(last.tasks, [], "it has lost two nodes, and waits until all are known that are lost");
  for (let ms = 0; ms < 2_500; ms += 500) {
    await system.advance(500);
    last.holds([]);
  }
  assertEquals(last.tasks.length, 1);
  last.succeed(last.tasks[0], double);
  assertEquals((await system.until(server.done, { maxMs: 60_000 })).outcome, "complete");
});

Deno.test("what books gave to a node before they heard of its loss is not given to it when it is back", async () => {
  const { job, collected } = chunks(3);
  const peers = createPeers();
  const deliver = peers.deliver as (to: string, message: { readonly type: string }) => void;
  let isHolding = false;
  const held: { readonly type: string }[] = [];
  const late = (to: string, message: { readonly type: string }) => {
    if (isHolding && message.type === "offer") return void held.push(message);
    deliver(to, message);
    if (message.type !== "node-ready" || !isHolding) return;
    isHolding = false;
    for (const offer of held) deliver(to, offer);
  };
  const test = await serve(job, { peers: { ...peers, deliver: late as Peers["deliver"] } });
  const node = await test.join();
  isHolding = true;
  node.succeed(node.tasks[0], same);
  await test.settle();
  assertEquals(held.length, 1, "one more task is on its way to the node");
  const back = await test.join({ was: node });
  back.holds([]);
  await test.settle();
  while (back.tasks.length > 0) {
    back.succeed(back.tasks.shift()!, same);
    await test.settle();
  }
  const summary = await test.system.until(test.server.done, { maxMs: 60_000 });
  assertEquals([summary.outcome, summary.reason, collected.sort()], ["complete", undefined, ["0", "1", "2"]]);
});
