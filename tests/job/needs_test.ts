import { assertEquals, assertStringIncludes, assertThrows } from "jsr:@std/assert@^1";
import { defineJob, defineJobPair, JobError } from "../../job/mod.ts";
import { meets, parseRequirement, requirementKey } from "../../job/requirements.ts";
import type { ServerContext } from "../../job/types.ts";

const context: ServerContext = { log: () => {}, changed: () => {}, send: () => 0 };

Deno.test("requirements compare labels as texts, as numbers, and as numbers with units", () => {
  const labels = { gpu: "1", mem: "64g", arch: "arm64", cores: "8" };
  const met: Record<string, string>[] = [
    { gpu: "1" },
    { gpu: ">=1" },
    { gpu: "1.0" },
    { mem: ">=64g" },
    { mem: ">=65536m" },
    { mem: "64G" },
    { mem: "<1t" },
    { arch: "arm64" },
    { cores: "> 4", mem: "<= 64g" },
    {},
  ];
  const unmet: Record<string, string>[] = [
    { gpu: "2" },
    { gpu: ">1" },
    { mem: ">=64.5g" },
    { arch: "x86_64" },
    { arch: ">=1" },
    { disk: ">=1" },
    { constructor: "1" },
    { gpu: "1", disk: "1" },
  ];
  for (const requires of met) assertEquals(meets(labels, requires), true, JSON.stringify(requires));
  for (const requires of unmet) {
    assertEquals(meets(labels, requires), false, JSON.stringify(requires));
  }
});

Deno.test("requirements that cannot be read are errors that show how to write them", () => {
  assertEquals(parseRequirement(">= 64g"), { is: ">=", value: 64 * 2 ** 30 });
  for (const text of [">=", ">many", "< 3 g b"]) {
    assertStringIncludes(assertThrows(() => parseRequirement(text), RangeError).message, JSON.stringify(text));
  }
});

Deno.test("requirements have one key, however they are written down", () => {
  assertEquals(requirementKey({ a: "1", b: "2" }), requirementKey({ b: "2", a: "1" }));
  assertEquals(requirementKey({ a: "1" }) === requirementKey({ a: "2" }), false);
});

Deno.test("defineJob gives each task its needs, and checks them", () => {
  const job = defineJob({
    name: "needs",
    options: { gpu: "1" },
    tasks: () => [3, 5],
    needs: (task, { gpu }) => ({ priority: task, requires: { gpu } }),
    compute: (task) => task,
  });
  const book = job.book(job.options, context);
  assertEquals(book.next("a"), { status: "unfinished", data: 3, needs: { priority: 3, requires: { gpu: "1" } } });

  const wrong = [{ priority: 0.5 }, { timeoutMs: -1 }, { expectedMs: NaN }, { requires: { mem: ">=lots" } }];
  for (const needs of wrong) {
    const bad = defineJob({ name: "bad", tasks: () => [1], needs: () => needs, compute: () => 1 });
    const { code, message } = assertThrows(() => bad.book({}, context).next("a"), JobError);
    assertEquals(code, "tasks-invalid");
    assertStringIncludes(message, "task 0");
  }
});

Deno.test("defineJob has results compared deeply unless it says how", async () => {
  const plain = defineJob({ name: "plain", replicas: 3, tasks: () => [1], compute: () => ({ list: [1, NaN] }) });
  assertEquals(plain.replicas, 3);
  const { agree } = plain.book({}, context);
  assertEquals(await agree!({ list: [1, NaN] }, { list: [1, NaN] }), true);
  assertEquals(await agree!({ list: [1] }, { list: [2] }), false);
  const near = defineJob({
    name: "near",
    replicas: 2,
    tasks: () => [1],
    compute: () => 0.5,
    agree: (a, b) => Math.abs(a - b) < 0.1,
  });
  assertEquals(await near.book({}, context).agree!(1, 1.05), true);
  for (const replicas of [0, 1.5, 101]) {
    assertThrows(() => defineJob({ name: "x", replicas, tasks: () => [1], compute: () => 1 }), JobError, "replicas");
  }
});

Deno.test("a job goes on from its snapshot instead of making its state", async () => {
  const made: string[] = [];
  const job = defineJob({
    name: "sum",
    state: () => {
      made.push("state");
      return { sum: 0 };
    },
    tasks: () => [1, 2],
    compute: (task) => task,
    collect: (result, _task, { state }) => void (state.sum += result),
    snapshot: ({ sum }) => sum,
    restore: (data) => ({ sum: data as number }),
    finish: (_summary, { state }) => void made.push(`sum ${state.sum}`),
  });
  const first = job.book({}, context);
  await first.next("a");
  await first.collect("a", 7, 1);
  const snapshot = first.snapshot!();
  assertEquals([snapshot, made], [7, ["state"]]);

  const second = job.book({}, context);
  await second.restore!(snapshot);
  await second.next("a");
  await second.collect("a", 5, 2);
  assertEquals([second.snapshot!(), made], [12, ["state"]]);
  assertThrows(
    () => defineJob({ name: "x", tasks: () => [1], compute: () => 1, snapshot: () => 1 }),
    JobError,
    "go together",
  );
});

Deno.test("a job with its own books may offer a snapshot", async () => {
  let count = 0;
  const job = defineJobPair({
    name: "pair",
    server: () => ({
      prepareDataForNode: () => ({ status: "waiting" }),
      processDataFromNode: () => {},
      snapshot: () => ({ count }),
      restore: (data) => void (count = (data as { count: number }).count),
    }),
    node: () => ({ processDataFromServer: () => 1 }),
  });
  const book = job.book({}, context);
  await book.restore!({ count: 5 });
  assertEquals(book.snapshot!(), { count: 5 });
});
