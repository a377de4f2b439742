import { assertEquals, assertStringIncludes, assertThrows } from "jsr:@std/assert@^1";
import { defineJob, defineJobPair, JobError, type TaskNeeds } from "../../job/mod.ts";
import { meets, parseRequirement, requirementKey } from "../../job/requirements.ts";
import { fakeContext } from "./fixtures.ts";

const { context } = fakeContext();

/** Needs that no task can have, and what the error must say of each. */
const wrongNeeds: [needs: unknown, message: string][] = [
  [{ priority: 0.5 }, "priority = 0.5 must be a whole number"],
  [{ timeoutMs: -1 }, "timeoutMs = -1 must be a whole number from 0"],
  [{ timeoutMs: 2 ** 32 }, "timeoutMs = 4294967296"],
  [{ expectedMs: NaN }, "expectedMs = NaN"],
  [{ requires: { mem: ">=lots" } }, 'label mem: Cannot use the requirement ">=lots"'],
  [{ requires: { gpu: 1 } }, "label gpu: Cannot use the requirement 1: it must be a text"],
  [{ requires: "gpu" }, "requires must be an object of labels"],
  [{ requires: ["gpu"] }, "requires must be an object of labels"],
  [{ timeout: 5 }, 'there is no "timeout"'],
  [null, "null is no object"],
  [7, "7 is no object"],
];

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
  assertEquals(parseRequirement(" arm64 "), { is: "=", text: "arm64" });
  for (const text of ["", " ", ">=", ">many", "< 3 g b", "=1", "==1", "!=1", "=>64g", ">>1"]) {
    assertStringIncludes(assertThrows(() => parseRequirement(text), RangeError).message, JSON.stringify(text));
  }
});

Deno.test("requirements have one key, however they are written down", () => {
  const same: [Record<string, string>, Record<string, string>][] = [
    [{ a: "1", b: "2" }, { b: "2", a: "1" }],
    [{ mem: ">=1g" }, { mem: " >= 1024M" }],
    [{ gpu: "1" }, { gpu: "1.0" }],
  ];
  for (const [a, b] of same) assertEquals(requirementKey(a), requirementKey(b));
  const others = [{ a: "1" }, { a: "2" }, { a: ">=1" }, { a: ">1" }, { b: "1" }, { a: "x" }, { a: "1", b: "1" }, {}];
  assertEquals(new Set(others.map((one) => requirementKey(one as Record<string, string>))).size, others.length);
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

  for (const [needs, expected] of wrongNeeds) {
    const bad = defineJob({
      name: "bad",
      tasks: () => ["good", "bad"],
      needs: (task) => task === "bad" ? needs as TaskNeeds : {},
      compute: () => 1,
    });
    const badBook = bad.book({}, context);
    badBook.next("a");
    const { code, message } = assertThrows(() => badBook.next("a"), JobError, expected);
    assertEquals(code, "tasks-invalid");
    assertStringIncludes(message, "task 1");
  }
});

Deno.test("defineJob ends the tasks when the needs of one are wrong, instead of going on without it", () => {
  const job = defineJob({
    name: "bad",
    tasks: () => [1, 2],
    needs: (task) => ({ priority: task === 1 ? NaN : 0 }),
    compute: () => 1,
  });
  const book = job.book({}, context);
  for (let round = 0; round < 2; round++) assertThrows(() => book.next("a"), JobError, "task 0");
});

Deno.test("defineJobPair passes needs on, and checks them", async () => {
  const statuses = (needs: unknown) =>
    defineJobPair({
      name: "pair",
      server: () => {
        let made = 0;
        return {
          prepareDataForNode: () => {
            const each = made++ === 0 ? { priority: 2 } : needs as TaskNeeds;
            return { status: "unfinished", data: made, needs: each };
          },
          processDataFromNode: () => {},
        };
      },
      node: () => ({ processDataFromServer: () => 1 }),
    }).book({}, context);
  const book = statuses(undefined);
  assertEquals(await book.next("a"), { status: "unfinished", data: 1, needs: { priority: 2 } });
  assertEquals(await book.next("a"), { status: "unfinished", data: 2, needs: undefined });
  for (const [needs, expected] of wrongNeeds) {
    const bad = statuses(needs);
    await bad.next("a");
    const { code, message } = assertThrows(() => bad.next("a"), JobError, expected);
    assertEquals(code, "tasks-invalid");
    assertStringIncludes(message, "task 1");
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
