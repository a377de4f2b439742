/**
 * One place in the pool: a worker, what was given to it, and how it does. When the worker is replaced, the slot stays.
 *
 * @module
 */
import type { NodeId, ResultEntry, TaskEntry } from "../actors/remote/protocol.ts";
import { isLargeAlone, takeSpare } from "../actors/remote/spare_buffers.ts";
import { packTasks, readResults } from "./batch.ts";
import { advance, allow, announce, begunSince, type Claims, createClaims, revoke } from "./claims.ts";
import { createTaskQueue, type TaskQueue } from "./task_queue.ts";
import type { FromWorker, SpawnWorker, ToWorker, WorkerPort } from "./worker_protocol.ts";

/** How often in a task's limit it is looked which task runs. */
const looksPerLimit = 16;
const lookMsMin = 5;
const lookMsMax = 1000;
/** How many messages may wait for the user's half in one worker, and how many bytes they may have. */
const unreadMax = 1000;
const unreadBytesMax = 16 * 1024 ** 2;

/** What a slot is made with. */
export interface SlotOptions {
  readonly spawn: SpawnWorker;
  /** How long a worker may go on with a task that was cancelled, in milliseconds. */
  readonly graceMs: number;
  /** How much memory a worker may have, in MiB; 0 for as much as the runtime bears. */
  readonly memoryMb: number;
  readonly onMessage: (message: FromWorker, life: number) => void;
  readonly onError: (message: string, life: number) => void;
}

/** What each worker must know before its first task. */
export interface SessionData {
  readonly node: NodeId;
  readonly options: Uint8Array;
  readonly initial: Uint8Array | undefined;
}

/** Results from a worker. */
export type ResultsMessage = Extract<FromWorker, { kind: "results" | "large-result" }>;

/** Why a worker has to be replaced. `ms` is how long it has been at what it should not be at. */
export type Verdict =
  /** The running task is over its limit. */
  | { readonly why: "timeout"; readonly entry: TaskEntry; readonly ms: number }
  /** The running task was cancelled and goes on. */
  | { readonly why: "ignores-cancel"; readonly entry: TaskEntry; readonly ms: number }
  /** It has tasks, and runs none of them. */
  | { readonly why: "stuck"; readonly ms: number };

/** A slot's state; to be read by all, written by the functions of this file only. */
export interface Slot {
  readonly options: SlotOptions;
  /** Counts the workers that this slot has had. */
  life: number;
  /** `loading` its module, `idle` without a session, `preparing` the user's half, or `prepared` for tasks. */
  state: "loading" | "idle" | "preparing" | "prepared";
  port: WorkerPort;
  claims: Claims;
  /** What was given and has not come back, in order. */
  readonly inside: TaskQueue;
  /** The number of the last task that came back. */
  finished: number;
  epoch: number;
  /** Whether the worker has still to say that it forgot what was revoked. */
  revoking: boolean;
  /** How many of `inside` had begun when that was last looked at, as a number, and since when. */
  begun: number;
  begunSinceMs: number;
  /** The shortest time limit of what is inside, in milliseconds. */
  limitMs: number;
  /** Messages to the user's half that came before the worker could take them. */
  readonly early: Uint8Array[];
  /** The sizes of the messages that the user's half was not handed yet, in bytes, and their sum. */
  readonly unread: number[];
  unreadBytes: number;
  /** Tasks inside whose results nobody wants, with the time of that. */
  readonly cancelled: Map<TaskEntry, number>;
}

const idlePort: WorkerPort = { post: () => {}, terminate: () => {} };

/** Makes a slot and starts its first worker. */
export function createSlot(options: SlotOptions): Slot {
  const slot: Slot = {
    options,
    life: 0,
    state: "loading",
    port: idlePort,
    claims: createClaims(),
    inside: createTaskQueue(),
    finished: 0,
    epoch: 0,
    revoking: false,
    begun: 0,
    begunSinceMs: 0,
    limitMs: Infinity,
    early: [],
    unread: [],
    unreadBytes: 0,
    cancelled: new Map(),
  };
  startWorker(slot);
  return slot;
}

/** Starts a new worker in a slot that is empty. */
export function startWorker(slot: Slot): void {
  const life = ++slot.life;
  slot.state = "loading";
  slot.claims = createClaims();
  slot.finished = slot.begun = slot.epoch = 0;
  slot.revoking = false;
  // What the worker before had not read is gone with it.
  slot.unread.splice(0, slot.unread.length - slot.early.length);
  slot.unreadBytes = slot.unread.reduce((sum, bytes) => sum + bytes, 0);
  slot.port = slot.options.spawn({
    onMessage: (message) => slot.options.onMessage(message, life),
    onError: (message) => slot.options.onError(message, life),
  });
}

/** Ends the worker at once; nothing is heard of it any more. @returns What it had not finished and nobody cancelled. */
export function endWorker(slot: Slot): TaskEntry[] {
  slot.port.terminate();
  slot.port = idlePort;
  slot.life++;
  slot.state = "loading";
  const rest = slot.inside.take(Infinity).filter((entry) => !slot.cancelled.has(entry));
  slot.cancelled.clear();
  return rest;
}

/** To be called when the worker has loaded its module. */
export function greetWorker(slot: Slot): void {
  slot.port.post({ kind: "start", claims: slot.claims.buffer, memoryMb: slot.options.memoryMb });
  slot.state = "idle";
}

/** Has the worker see a message before it begins another task. */
function postUrgent(slot: Slot, message: ToWorker, transfer: ArrayBuffer[] = []): void {
  announce(slot.claims);
  slot.port.post(message, transfer);
}

/** Has a worker that is loaded make the user's half of the job anew. */
export function postSession(slot: Slot, session: SessionData): void {
  const options = session.options.slice();
  const initial = session.initial?.slice();
  const message: ToWorker = { kind: "session", node: session.node, options, initial };
  postUrgent(slot, message, initial ? [options.buffer, initial.buffer] : [options.buffer]);
  slot.state = "preparing";
  for (const payload of slot.early.splice(0)) sendCustom(slot, payload);
}

/**
 * Hands a message to the user's half of the job, once there is one.
 *
 * @returns `false` if too many wait already, for the worker computes without a pause: then this one is dropped
 */
export function postCustom(slot: Slot, payload: Uint8Array): boolean {
  const isFull = slot.unread.length >= unreadMax || slot.unreadBytes + payload.length > unreadBytesMax;
  if (isFull && slot.unread.length > 0) return false;
  slot.unread.push(payload.length);
  slot.unreadBytes += payload.length;
  if (slot.state === "loading" || slot.state === "idle") slot.early.push(payload);
  else sendCustom(slot, payload);
  return true;
}

function sendCustom(slot: Slot, payload: Uint8Array): void {
  const copy = payload.slice();
  postUrgent(slot, { kind: "custom", payload: copy }, [copy.buffer]);
}

/** The user's half was handed the oldest message. */
export function customTaken(slot: Slot): void {
  slot.unreadBytes -= slot.unread.shift() ?? 0;
}

/** Forgets messages that the worker has not been sent. */
export function forgetEarly(slot: Slot): void {
  const count = slot.early.splice(0).length;
  for (const bytes of slot.unread.splice(slot.unread.length - count)) slot.unreadBytes -= bytes;
}

/**
 * Gives tasks to a worker that is prepared and not revoking. The data of large ones goes with it: should the task come
 * back from the worker, its data does not.
 */
export function giveTasks(slot: Slot, tasks: TaskEntry[], nowMs: number): void {
  if (slot.inside.length() === 0) {
    slot.begunSinceMs = nowMs;
    slot.limitMs = Infinity;
  }
  for (const { timeoutMs } of tasks) if (timeoutMs > 0 && timeoutMs < slot.limitMs) slot.limitMs = timeoutMs;
  slot.inside.push(tasks);
  let from = 0;
  for (const [index, entry] of tasks.entries()) {
    if (!isLargeAlone(entry.payload)) continue;
    postTasks(slot, tasks.slice(from, index));
    from = index + 1;
    const { task, attempt, payload } = entry;
    const spares = sparesFor(1);
    const message = { kind: "large-task", epoch: slot.epoch, task, attempt, payload, spares } as const;
    slot.port.post(message, [payload.buffer as ArrayBuffer, ...spares]);
  }
  postTasks(slot, from === 0 ? tasks : tasks.slice(from));
}

function postTasks(slot: Slot, tasks: readonly TaskEntry[]): void {
  if (tasks.length === 0) return;
  const batch = packTasks(tasks);
  const spares = sparesFor(tasks.length);
  const message = { kind: "tasks", epoch: slot.epoch, count: tasks.length, batch, spares } as const;
  slot.port.post(message, [batch, ...spares]);
}

/** Buffers in which the results of so many tasks can be encoded, as far as there are any. */
function sparesFor(count: number): ArrayBuffer[] {
  const spares: ArrayBuffer[] = [];
  while (spares.length < count) {
    const spare = takeSpare();
    if (!spare) break;
    spares.push(spare);
  }
  return spares;
}

/** Takes results that came, without those that nobody wants. */
export function takeResults(slot: Slot, message: ResultsMessage, nowMs: number): ResultEntry[] {
  let results: ResultEntry[];
  if (message.kind === "results") {
    results = readResults(message.batch, message.count, slot.inside.at);
  } else {
    const { task, attempt } = slot.inside.at(0);
    results = [{ task, attempt, status: "ok", elapsedMs: message.elapsedMs, payload: message.payload }];
  }
  const count = results.length;
  if (slot.cancelled.size > 0) {
    results = results.filter((_, index) => !slot.cancelled.delete(slot.inside.at(index)));
  }
  slot.inside.drop(count);
  slot.finished = advance(slot.finished, count);
  if (begunSince(slot.claims, slot.finished) === 0) slot.begunSinceMs = nowMs;
  return results;
}

/** The task that the worker computes, as far as can be seen. */
export function runningIn(slot: Slot, nowMs: number): TaskEntry | undefined {
  const count = begunSince(slot.claims, slot.finished);
  if (count === 0) return undefined;
  const begun = advance(slot.finished, count);
  if (begun !== slot.begun) {
    slot.begun = begun;
    slot.begunSinceMs = nowMs;
  }
  return slot.inside.at(count - 1);
}

/** How many tasks wait inside the worker behind the running one. */
export const waitingIn = (slot: Slot): number => slot.inside.length() - begunSince(slot.claims, slot.finished);

/** Whether any of these waits inside the worker. */
export function anyWaitingIn(slot: Slot, wanted: (entry: TaskEntry) => boolean): boolean {
  for (let index = slot.inside.length() - waitingIn(slot); index < slot.inside.length(); index++) {
    if (wanted(slot.inside.at(index))) return true;
  }
  return false;
}

/** Takes back all tasks that the worker has not begun. It gets new ones when it has answered with `revoked`. */
export function revokeTasks(slot: Slot): TaskEntry[] {
  if (slot.revoking || waitingIn(slot) === 0) return [];
  const tasks = slot.inside.cut(revoke(slot.claims, slot.finished));
  if (tasks.length === 0) {
    // It has just begun the last one, so that it does not come upon the flag.
    allow(slot.claims);
    return [];
  }
  slot.epoch++;
  slot.revoking = true;
  for (const task of tasks) slot.cancelled.delete(task);
  return tasks;
}

/** Has the worker end the tasks that it has begun and for which `unwanted` says so; their results will be dropped. */
export function cancelBegun(slot: Slot, unwanted: (entry: TaskEntry) => boolean, nowMs: number): void {
  for (let index = 0; index < slot.inside.length(); index++) {
    const entry = slot.inside.at(index);
    if (!unwanted(entry) || slot.cancelled.has(entry)) continue;
    slot.cancelled.set(entry, nowMs);
    postUrgent(slot, { kind: "cancel", task: entry.task, attempt: entry.attempt });
  }
}

/** Gives the worker `ms` more for what it is at, up to now. */
export function excuse(slot: Slot, ms: number, nowMs: number): void {
  slot.begunSinceMs = Math.min(nowMs, slot.begunSinceMs + ms);
}

/** Whether the worker has to be replaced now. */
export function judge(slot: Slot, nowMs: number): Verdict | undefined {
  if (slot.inside.length() === 0) return undefined;
  const entry = runningIn(slot, nowMs);
  const ms = nowMs - slot.begunSinceMs;
  if (entry === undefined) {
    return ms >= slot.limitMs + slot.options.graceMs ? { why: "stuck", ms } : undefined;
  }
  const cancelledMs = slot.cancelled.get(entry);
  if (cancelledMs !== undefined) {
    const sinceMs = nowMs - Math.max(cancelledMs, slot.begunSinceMs);
    return sinceMs >= slot.options.graceMs ? { why: "ignores-cancel", entry, ms: sinceMs } : undefined;
  }
  return entry.timeoutMs > 0 && ms >= entry.timeoutMs ? { why: "timeout", entry, ms } : undefined;
}

/** In how many milliseconds the slot must be judged again; `Infinity` if no time limit concerns it. */
export function judgeInMs(slot: Slot, nowMs: number): number {
  if (slot.inside.length() === 0) return Infinity;
  const entry = runningIn(slot, nowMs);
  let inMs = slot.limitMs === Infinity
    ? Infinity
    : Math.min(lookMsMax, Math.max(lookMsMin, slot.limitMs / looksPerLimit));
  if (entry !== undefined && entry.timeoutMs > 0) {
    inMs = Math.min(inMs, slot.begunSinceMs + entry.timeoutMs - nowMs);
  }
  const cancelledMs = entry && slot.cancelled.get(entry);
  if (cancelledMs !== undefined) {
    inMs = Math.min(inMs, Math.max(cancelledMs, slot.begunSinceMs) + slot.options.graceMs - nowMs);
  }
  return Math.max(1, inMs);
}
