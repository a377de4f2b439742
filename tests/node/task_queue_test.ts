import { assertEquals } from "jsr:@std/assert@^1";
import type { TaskEntry } from "../../actors/remote/protocol.ts";
import { createTaskQueue, type TaskQueue } from "../../node/task_queue.ts";

const tasks = (from: number, count: number): TaskEntry[] =>
  Array.from({ length: count }, (_, i) => ({ task: from + i, attempt: 1, timeoutMs: 0, payload: new Uint8Array() }));
const numbers = (entries: readonly TaskEntry[]): number[] => entries.map((entry) => entry.task);
const all = (queue: TaskQueue): number[] => numbers(queue.take(Infinity));

Deno.test("a task queue gives back in order what goes in, however it grows and shrinks", () => {
  const queue = createTaskQueue();
  const taken: number[] = [];
  for (let round = 0; round < 100; round++) {
    queue.push(tasks(round * 60, 60));
    taken.push(...numbers(queue.take(50)));
  }
  assertEquals(queue.length(), 1000);
  assertEquals([...taken, ...all(queue)], Array.from({ length: 6000 }, (_, i) => i));
  assertEquals(queue.length(), 0);
});

Deno.test("a task queue can be cut, dropped from, put in front of and searched after tasks were taken", () => {
  const queue = createTaskQueue();
  queue.push(tasks(0, 10));
  queue.take(2);
  queue.drop(1);
  assertEquals(queue.at(0).task, 3);
  assertEquals(numbers(queue.cut(4)), [7, 8, 9]);
  queue.pushFront(tasks(20, 2));
  assertEquals(numbers(queue.extract(({ task }) => task % 2 === 0)), [20, 4, 6]);
  assertEquals(all(queue), [21, 3, 5]);
});
