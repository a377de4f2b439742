/**
 * What the pool holds, and how it shares out the tasks.
 *
 * @module
 */
import { encodeFailure } from "../actors/remote/failure.ts";
import type { Attempt, ResultEntry, TaskEntry } from "../actors/remote/protocol.ts";
import type { Context, Logger } from "../actors/types.ts";
import { tasksInside } from "./batch_size.ts";
import type { PoolCounts, PoolMessage, PoolReport } from "./messages.ts";
import { createTaskQueue, type TaskQueue } from "./task_queue.ts";
import type { SpawnWorker } from "./worker_protocol.ts";
import {
  anyWaitingIn,
  createSlot,
  giveTasks,
  judgeInMs,
  revokeTasks,
  runningIn,
  type SessionData,
  type Slot,
  waitingIn,
} from "./worker_slot.ts";

/** A task waits inside a worker no longer than this while another worker is idle, in milliseconds. */
const rebalanceMs = 20;
/** A worker gets more tasks when it has less than this part of what it should have. */
const refillBelow = 0.75;
/** From this many tasks on a worker is refilled by parts. */
const refillAtLeast = 4;

/** What a pool is made with. */
export interface PoolOptions {
  readonly workers: number;
  /** The node's name, for messages. */
  readonly name: string;
  readonly spawnWorker: SpawnWorker;
  /** How long a worker may go on with a task that was cancelled, in milliseconds. */
  readonly graceMs: number;
  /** How much memory a worker may have, in MiB; 0 for as much as the runtime bears. */
  readonly memoryMb: number;
  readonly counts: PoolCounts;
  readonly log: Logger;
  readonly report: (report: PoolReport) => void;
}

/** The pool's state. */
export interface Pool {
  readonly options: PoolOptions;
  readonly context: Context<PoolMessage>;
  readonly slots: readonly Slot[];
  /** What came and was given to no worker yet. */
  readonly queue: TaskQueue;
  session: number;
  /** Whether the node leaves, so that no task is begun any more, and whether all that ran has ended. */
  leaving: "no" | "draining" | "drained";
  /** What workers must know before they compute; absent without a session. */
  data: SessionData | undefined;
  /** How long a task takes, as far as known, in milliseconds. */
  estimateMs: number | undefined;
  /** How many workers failed without a task being at fault since the last result. */
  failuresInRow: number;
  /** How many messages did not reach every worker. */
  customsDropped: number;
  /** When the next check is due, on the system's clock. */
  checkAtMs: number;
  cancelCheck: () => void;
}

/** Makes a pool and starts its workers. */
export function createPool(context: Context<PoolMessage>, options: PoolOptions): Pool {
  const slots = Array.from({ length: options.workers }, (_, slot) =>
    createSlot({
      spawn: options.spawnWorker,
      graceMs: options.graceMs,
      memoryMb: options.memoryMb,
      onMessage: (message, life) => void context.self.tell({ type: "worker", slot, life, message }),
      onError: (message, life) => void context.self.tell({ type: "worker-error", slot, life, message }),
    }));
  return {
    options,
    context,
    slots,
    queue: createTaskQueue(),
    session: 0,
    leaving: "no",
    data: undefined,
    estimateMs: undefined,
    failuresInRow: 0,
    customsDropped: 0,
    checkAtMs: Infinity,
    cancelCheck: () => {},
  };
}

const takesTasks = (slot: Slot): boolean => slot.state === "prepared" && !slot.revoking;
const isIdle = (slot: Slot): boolean => takesTasks(slot) && slot.inside.length() === 0;

/** Gives waiting tasks to workers, evenly and no more than they should have; then counts, and sets the next check. */
export function shareOut(pool: Pool): void {
  const { queue, slots, context } = pool;
  const nowMs = context.clock.now();
  if (pool.data && pool.leaving === "no" && queue.length() > 0) {
    const takers = slots.filter(takesTasks);
    const wanted = tasksInside(pool.estimateMs);
    let left = takers.reduce((sum, slot) => sum + slot.inside.length(), queue.length());
    for (const [index, slot] of takers.entries()) {
      const inside = slot.inside.length();
      const target = Math.min(wanted, Math.ceil(left / (takers.length - index)));
      const low = target < refillAtLeast ? inside < target : inside < refillBelow * target;
      if (low && queue.length() > 0) giveTasks(slot, queue.take(target - inside), nowMs);
      left -= slot.inside.length();
    }
  }
  count(pool);
  setCheck(pool, nowMs);
}

/** Brings what is counted up to date. */
export function count({ slots, queue, options }: Pool): void {
  let busy = 0;
  let inside = 0;
  for (const slot of slots) {
    if (slot.inside.length() > 0) busy++;
    inside += slot.inside.length();
  }
  options.counts.busy = busy;
  options.counts.queued = queue.length() + inside - busy;
}

/** What is here and was not cancelled. */
export function unfinished({ queue, slots }: Pool): Attempt[] {
  const attempts: Attempt[] = [];
  for (let index = 0; index < queue.length(); index++) attempts.push(queue.at(index));
  for (const { inside, cancelled } of slots) {
    for (let index = 0; index < inside.length(); index++) {
      const entry = inside.at(index);
      if (!cancelled.has(entry)) attempts.push(entry);
    }
  }
  return attempts;
}

/** Whether nothing is here but what was cancelled. */
export const isDone = ({ queue, slots }: Pool): boolean =>
  queue.length() === 0 && slots.every(({ inside, cancelled }) => inside.length() === cancelled.size);

/** Whether a worker is idle for want of tasks that wait in another one. */
const isUneven = ({ slots, queue }: Pool): boolean =>
  slots.length > 1 && queue.length() === 0 && slots.some(isIdle) &&
  slots.some((slot) => !slot.revoking && waitingIn(slot) > 0);

function setCheck(pool: Pool, nowMs: number): void {
  let inMs = isUneven(pool) ? rebalanceMs : Infinity;
  for (const slot of pool.slots) inMs = Math.min(inMs, judgeInMs(slot, nowMs));
  if (nowMs + inMs >= pool.checkAtMs) return;
  pool.cancelCheck();
  pool.checkAtMs = nowMs + inMs;
  pool.cancelCheck = pool.context.after(inMs, { type: "check" });
}

/** Takes tasks back from workers that have been at one task for long while another worker is idle. */
export function rebalance(pool: Pool): void {
  if (!isUneven(pool)) return;
  const nowMs = pool.context.clock.now();
  for (const slot of pool.slots) {
    if (runningIn(slot, nowMs) && nowMs - slot.begunSinceMs >= rebalanceMs) putBack(pool, revokeTasks(slot));
  }
}

/**
 * Takes tasks that have not begun out of the queue and out of workers.
 *
 * @returns Those for which `wanted` says so; the others go on waiting.
 */
export function extractWaiting(pool: Pool, wanted: (entry: TaskEntry) => boolean): TaskEntry[] {
  const found = pool.queue.extract(wanted);
  for (const slot of pool.slots) {
    if (!anyWaitingIn(slot, wanted)) continue;
    const tasks = revokeTasks(slot);
    found.push(...tasks.filter(wanted));
    putBack(pool, tasks.filter((entry) => !wanted(entry)));
  }
  return found;
}

/** Has tasks that come back from a worker wait anew; those whose data went with it are handed back to the server. */
export function putBack(pool: Pool, tasks: readonly TaskEntry[]): void {
  pool.queue.pushFront(tasks.filter(isHere));
  reportResults(pool, handBack(tasks.filter((task) => !isHere(task)), "its data went with a worker"));
}

const isHere = ({ payload }: TaskEntry): boolean => !(payload.buffer as ArrayBuffer).detached;

/** What the server is told of tasks that the node does not compute. */
export function handBack(entries: readonly TaskEntry[], why: string): ResultEntry[] {
  const payload = encodeFailure({ kind: "handed-back", name: "HandedBack", message: `handed back: ${why}` });
  return entries.map(({ task, attempt }) => ({ task, attempt, status: "failed", elapsedMs: 0, payload }));
}

/** Tells the server of results. */
export function reportResults({ options, session }: Pool, results: readonly ResultEntry[]): void {
  if (results.length > 0) options.report({ type: "results", session, results });
}
