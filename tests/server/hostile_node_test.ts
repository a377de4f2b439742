/** What a node that lies or talks garbage costs: its own tasks and its own connection, never the server or the job. */
import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import type { ControlMessage, ResultEntry, WireMessage } from "../../actors/remote/protocol.ts";
import { defineJob, defineJobPair, type JobStatus } from "../../job/mod.ts";
import { type JournalHeader, openJournal } from "../../server/journal/mod.ts";
import { createEarlyTable } from "../../server/early.ts";
import { type FakeNode, identity } from "./fake_node.ts";
import { serve } from "./harness.ts";
import { double, doubled, inOrder, numbers } from "./numbers.ts";

const header: JournalHeader = {
  job: identity.job,
  codeHash: identity.codeHash,
  packageVersion: identity.package,
  options: {},
  pinned: false,
};

const garbage = new Uint8Array([8, 0, 0, 0, 1, 0, 0, 0, 0xc1, 0xff]);

function send(node: FakeNode, message: WireMessage): void {
  node.connection.send(message);
}

function answer(node: FakeNode, at: number, status: ResultEntry["status"], payload: Uint8Array, elapsedMs = 1): void {
  const { task, attempt } = node.tasks[at];
  send(node, { kind: "results", results: [{ task, attempt, status, elapsedMs, payload }] });
}

/** Lets an honest node do all that comes. */
async function complete({ system, server, settle }: Awaited<ReturnType<typeof serve>>, node: FakeNode) {
  let summary;
  void server.done.then((done) => summary = done);
  while (!summary) {
    node.succeed(node.tasks.splice(0), double);
    await settle();
    await system.advance(100);
  }
  return await server.done;
}

for (const status of ["ok", "failed"] as const) {
  Deno.test(`a result (${status}) that cannot be read fails its attempt, and the task is made again`, async () => {
    const { job, collected } = numbers(2);
    const test = await serve(job);
    const liar = await test.join({ name: "liar" });
    answer(liar, 0, status, garbage);
    await test.settle();
    assertStringIncludes(test.log.join("\n"), "could not be read");
    const honest = await test.join({ name: "honest" });
    liar.connection.abort();
    const summary = await complete(test, honest);
    assertEquals([summary.outcome, summary.failed], ["complete", 0]);
    assertEquals(inOrder(collected), doubled(2));
  });
}

Deno.test("a journal forgets a result that cannot be read, and has the one that can", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { job, collected } = numbers(2);
    const path = `${folder}/test.journal`;
    const journal = openJournal(path, header, { now: 0 });
    const test = await serve(job, { journal });
    const liar = await test.join({ name: "liar" });
    answer(liar, 0, "ok", garbage);
    await test.settle();
    liar.connection.abort();
    const summary = await complete(test, await test.join({ name: "honest" }));
    assertEquals([summary.outcome, summary.collected], ["complete", 2]);
    assertEquals(inOrder(collected), doubled(2));
    journal.close();
    const again = openJournal(path, header, { resume: true, now: 0 });
    assertEquals([again.collectedCount, again.failedCount], [2, 0]);
    assertEquals([again.result(0)?.node, again.result(1)?.node], ["honest", "honest"]);
    again.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a stored result that cannot be read is made again when the job is resumed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { job, collected } = numbers(2);
    const path = `${folder}/test.journal`;
    const before = openJournal(path, header, { now: 0 });
    const first = await serve(job, { journal: before });
    const node = await first.join();
    node.succeed(node.tasks[0], double);
    await first.settle();
    // As if the server had ended between the commit of a result and the look at it.
    const { taskHash } = before.result(0)!;
    before.withdraw(0);
    const entry = { task: 0, attempt: 1, attempts: 1, node: "liar", startedAt: 0, elapsedMs: 1, taskHash };
    before.append({ ...entry, payload: garbage });
    before.commit();
    before.close();
    collected.length = 0;

    const journal = openJournal(path, header, { resume: true, now: 0 });
    const test = await serve(job, { journal });
    const summary = await complete(test, await test.join({ name: "honest" }));
    assertEquals([summary.outcome, summary.collected, summary.resumed], ["complete", 2, 0]);
    assertEquals(inOrder(collected), doubled(2));
    journal.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a custom message that cannot be read is dropped and said once, and the job goes on", async () => {
  const heard: unknown[] = [];
  let task: JobStatus<number> = { status: "unfinished", data: 1 };
  const job = defineJobPair({
    name: identity.job,
    server: () => ({
      prepareDataForNode: () => {
        const next = task;
        task = { status: "waiting" };
        return next;
      },
      processDataFromNode: () => void (task = { status: "finished" }),
      customMessage: (_node, message) => void heard.push(message),
    }),
    node: () => ({ processDataFromServer: (data) => data }),
  });
  const test = await serve(job);
  const node = await test.join();
  for (let i = 0; i < 100; i++) send(node, { kind: "custom", payload: garbage });
  await test.settle();
  assertEquals(test.log.filter((line) => line.includes("cannot be read and are dropped")).length, 1);
  node.succeed(node.tasks, (value) => value);
  assertEquals((await test.system.until(test.server.done)).outcome, "complete");
  assertEquals(heard, []);
});

Deno.test("replicas of which one cannot be read are decided by those that can", async () => {
  const collected: number[] = [];
  const job = defineJob({
    name: identity.job,
    replicas: 2,
    tasks: () => [21],
    compute: (x: number) => x,
    collect: (result: number) => void collected.push(result),
  });
  const test = await serve(job);
  const liar = await test.join({ name: "liar" });
  const first = await test.join({ name: "first" });
  answer(liar, 0, "ok", garbage);
  first.succeed(first.tasks, double);
  await test.settle();
  const second = await test.join({ name: "second" });
  await test.system.advance(1_000);
  second.succeed(second.tasks, double);
  assertEquals((await test.system.until(test.server.done)).outcome, "complete");
  assertEquals(collected, [42]);
});

Deno.test("results of tasks that were never granted are counted and dropped, whatever their numbers are", async () => {
  const { job, collected } = numbers(2);
  const test = await serve(job);
  const node = await test.join();
  const results = [0, 1, 2, 1e6, Number.MAX_SAFE_INTEGER].flatMap((task) =>
    [0, 7, 2 ** 32 - 1].map((attempt): ResultEntry => {
      return { task, attempt, status: "ok", elapsedMs: 1e308, payload: garbage };
    })
  );
  send(node, { kind: "results", results });
  send(node, { kind: "acks", attempts: [] });
  await test.settle();
  assertStringIncludes(test.log.join("\n"), "unexpected acks frame from a registered node");
  const summary = await complete(test, await test.join({ name: "honest" }));
  assertEquals([summary.collected, summary.dropped, summary.outcome], [2, results.length, "complete"]);
  assertEquals(inOrder(collected), doubled(2));
});

Deno.test("a node that is ahead of a server that was started again is believed up to a bound", () => {
  const early = createEarlyTable(3);
  assertEquals([0, 1, 2, 3].map((task) => early.note(task, { node: "a", attempt: 1 })), [true, true, true, false]);
  assertEquals(early.note(2, { node: "a", attempt: 2 }), true, "of a task that it is known to have");
  assertEquals([early.note(3, { node: "b", attempt: 1 }), early.note(2, { node: "b", attempt: 3 })], [true, true]);
  assertEquals(early.note(4, { node: "a", attempt: 1 }), true, "b has task 2 now");
  assertEquals(early.takeBelow(3).map(([task, { node }]) => [task, node]), [[0, "a"], [1, "a"], [2, "b"]]);
  assertEquals([early.has(2), early.has(3), early.take(4)?.node, early.take(4)], [false, true, "a", undefined]);
});

Deno.test("an attempt with a number beyond reason is not taken over by a server that was started again", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/test.journal`;
    const { job, collected } = numbers(2);
    openJournal(path, header, { now: 0 }).close();
    const journal = openJournal(path, header, { resume: true, now: 0 });
    const test = await serve(job, { journal });
    const liar = await test.join({ name: "liar" });
    liar.holds([0, 1, 2 ** 50].map((task) => ({ task, attempt: 2 ** 32 - 1 })));
    await test.settle();
    assertEquals(liar.control.filter(({ type }) => type === "cancel").length, 1);
    liar.connection.abort();
    const summary = await complete(test, await test.join({ name: "honest" }));
    assertEquals([summary.collected, summary.outcome], [2, "complete"]);
    assertEquals(inOrder(collected), doubled(2));
    journal.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("absurd numbers from a node cost its connection, and its tasks go to others", async () => {
  const absurd: ControlMessage[] = [
    ...[NaN, 2, -1, 1e308, Infinity].map((fraction) => ({ type: "progress" as const, task: 0, attempt: 1, fraction })),
    { type: "progress", task: 2 ** 53, attempt: 1, fraction: 0.5 },
    { type: "progress", task: 0, attempt: 2 ** 32, fraction: 0.5 },
    { type: "heartbeat", busy: -1 },
    { type: "log", level: "shout" as "info", text: "" },
    { type: "leave", reason: "", drainMs: 1.5 },
  ];
  for (const [index, message] of absurd.entries()) {
    const { job, collected } = numbers(4);
    const test = await serve(job);
    const liar = await test.join({ name: `liar-${index}` });
    liar.say(message);
    await test.settle();
    assertEquals((await liar.connection.closed).reason, "peer", JSON.stringify(message));
    assertStringIncludes(test.log.join("\n"), `connection of node liar-${index} closed: ${message.type}.`);
    const summary = await complete(test, await test.join({ name: "honest" }));
    assertEquals([summary.outcome, summary.nodesLost], ["complete", 1]);
    assertEquals(inOrder(collected), doubled(4));
  }
});
