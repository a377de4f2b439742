/**
 * Tasks that wait, in order. Pure data.
 *
 * @module
 */
import type { TaskEntry } from "../actors/remote/protocol.ts";

/** How many taken places may gather before the queue is moved together. */
const takenMax = 1024;

/** A queue of tasks; see {@linkcode createTaskQueue}. */
export interface TaskQueue {
  readonly length: () => number;
  /** The task at `index` from the front. */
  readonly at: (index: number) => TaskEntry;
  readonly push: (tasks: readonly TaskEntry[]) => void;
  /** Takes at most `count` tasks from the front. */
  readonly take: (count: number) => TaskEntry[];
  /** Drops `count` tasks at the front, which must be there. */
  readonly drop: (count: number) => void;
  /** Takes what is behind the first `count` tasks. */
  readonly cut: (count: number) => TaskEntry[];
  /** Puts tasks before all others. */
  readonly pushFront: (tasks: readonly TaskEntry[]) => void;
  /** Takes out each task for which `wanted` says so. */
  readonly extract: (wanted: (task: TaskEntry) => boolean) => TaskEntry[];
}

/** Makes an empty queue. Taking from the front costs no more in a long queue than in a short one. */
export function createTaskQueue(): TaskQueue {
  let items: TaskEntry[] = [];
  let head = 0;
  const drop = (count: number): void => {
    head += count;
    if (head === items.length) {
      items = [];
      head = 0;
    } else if (head > takenMax && head * 2 > items.length) {
      items = items.slice(head);
      head = 0;
    }
  };
  const length = (): number => items.length - head;
  return {
    length,
    at: (index) => items[head + index],
    push: (tasks) => {
      for (const task of tasks) items.push(task);
    },
    take: (count) => {
      const taken = items.slice(head, head + count);
      drop(taken.length);
      return taken;
    },
    drop,
    cut: (count) => items.splice(head + count),
    pushFront: (tasks) => {
      items = [...tasks, ...items.slice(head)];
      head = 0;
    },
    extract: (wanted) => {
      const out: TaskEntry[] = [];
      const rest: TaskEntry[] = [];
      for (let index = head; index < items.length; index++) (wanted(items[index]) ? out : rest).push(items[index]);
      items = rest;
      head = 0;
      return out;
    },
  };
}
