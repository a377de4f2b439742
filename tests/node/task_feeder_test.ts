import { assertEquals } from "jsr:@std/assert@^1";
import { openBatch, packResults, packTasks } from "../../node/batch.ts";
import { begunSince, type Claims, createClaims, revoke } from "../../node/claims.ts";
import { createTaskFeeder, type TaskFeeder, type ToRemoteWorker } from "../../node/task_feeder.ts";
import type { FromWorker } from "../../node/worker_protocol.ts";

interface Fed {
  readonly feeder: TaskFeeder;
  readonly claims: Claims;
  /** What the worker was sent: numbers of tasks, and kinds of other messages. */
  readonly sent: unknown[];
  readonly heard: FromWorker["kind"][];
  readonly give: (...tasks: number[]) => void;
  readonly finish: () => void;
}

function feed(): Fed {
  const claims = createClaims();
  const sent: unknown[] = [];
  const heard: FromWorker["kind"][] = [];
  const note = (message: ToRemoteWorker): void => {
    if (message.kind !== "tasks") return void sent.push(message.kind);
    const reader = openBatch(message.batch, message.count);
    while (reader.read() < reader.count) reader.next((task) => sent.push(task));
  };
  const feeder = createTaskFeeder(note, ({ kind }) => heard.push(kind));
  feeder.post({ kind: "start", claims: claims.buffer, memoryMb: 0 });
  let epoch = 0;
  return {
    feeder,
    claims,
    sent,
    heard,
    give: (...tasks) => {
      if (heard.at(-1) === "revoked") epoch = heard.filter((kind) => kind === "revoked").length;
      const entries = tasks.map((task) => ({ task, attempt: 1, timeoutMs: 0, payload: new Uint8Array(3) }));
      feeder.post({ kind: "tasks", epoch, count: tasks.length, batch: packTasks(entries) });
    },
    finish: () => {
      const batch = packResults({ failed: [false], elapsedMs: [1], payloads: [new Uint8Array(1)] });
      feeder.receive({ kind: "results", count: 1, batch });
    },
  };
}

Deno.test("a feeder passes tasks on one at a time, and other messages at once", () => {
  const { feeder, claims, sent, heard, give, finish } = feed();
  give(1, 2);
  give(3);
  feeder.post({ kind: "cancel", task: 1, attempt: 1 });
  assertEquals([sent, begunSince(claims, 0)], [["start", 1, "cancel"], 1]);
  finish();
  finish();
  assertEquals([sent, begunSince(claims, 0)], [["start", 1, "cancel", 2, 3], 3]);
  finish();
  assertEquals(heard, ["results", "results", "results"]);
});

Deno.test("a feeder forgets what was revoked when the running task has ended, and takes new tasks", () => {
  const { claims, sent, heard, give, finish } = feed();
  give(1, 2, 3);
  assertEquals(revoke(claims, 0), 1);
  finish();
  assertEquals([sent, heard], [["start", 1], ["results", "revoked"]]);
  give(4);
  assertEquals(sent, ["start", 1, 4]);
});
