import { assertEquals } from "jsr:@std/assert@^1";
import type { TaskEntry } from "../../actors/remote/protocol.ts";
import { openBatch, packResults, packTasks, readResults } from "../../node/batch.ts";

const task = (number: number, size: number): TaskEntry => ({
  task: number,
  attempt: 3,
  timeoutMs: 0,
  payload: new Uint8Array(size).fill(number % 251),
});

Deno.test("tasks come out of a batch as they went in, with aligned payloads", () => {
  const tasks = [task(0, 0), task(Number.MAX_SAFE_INTEGER, 1), task(2, 8), task(3, 1001)];
  const reader = openBatch(packTasks(tasks), tasks.length);
  const read: TaskEntry[] = [];
  while (reader.read() < reader.count) {
    reader.next((number, attempt, payload) => {
      assertEquals(payload.byteOffset % 8, 0);
      read.push({ task: number, attempt, timeoutMs: 0, payload: payload.slice() });
    });
  }
  assertEquals(read, tasks);
});

Deno.test("results are read with the tasks that they belong to", () => {
  const payloads = [new Uint8Array([1, 2, 3]), new Uint8Array([4])];
  const batch = packResults({ failed: [false, true], elapsedMs: [0.25, 7], payloads });
  assertEquals(readResults(batch, 2, (index) => task(10 + index, 0)), [
    { task: 10, attempt: 3, status: "ok", elapsedMs: 0.25, payload: payloads[0] },
    { task: 11, attempt: 3, status: "failed", elapsedMs: 7, payload: payloads[1] },
  ]);
});
