/**
 * The actor that owns the workers: it gives them tasks, judges them, and replaces those that fail.
 *
 * @module
 */
import { encodeFailure } from "../actors/remote/failure.ts";
import type { Attempt, TaskEntry, TaskFailure } from "../actors/remote/protocol.ts";
import type { Behavior } from "../actors/types.ts";
import { updateEstimate } from "./batch_size.ts";
import type { PoolMessage } from "./messages.ts";
import {
  createPool,
  extractWaiting,
  handBack,
  isDone,
  type Pool,
  type PoolOptions,
  putBack,
  rebalance,
  reportResults,
  shareOut,
  unfinished,
} from "./pool_state.ts";
import type { FromWorker } from "./worker_protocol.ts";
import {
  cancelBegun,
  customTaken,
  endWorker,
  excuse,
  forgetEarly,
  greetWorker,
  judge,
  postCustom,
  postSession,
  type ResultsMessage,
  runningIn,
  type Slot,
  startWorker,
  takeResults,
  type Verdict,
} from "./worker_slot.ts";

/** How long a worker may take to load the job's module, in milliseconds. */
const loadMsMax = 60_000;
/** What is less late is not called a stall, in milliseconds. */
const stallMsMin = 100;
/** How many workers may fail in a row without a task being at fault. */
const failuresInRowMax = 5;

/** The pool of one node. Ends all workers when it stops. */
export function poolActor(options: PoolOptions): Behavior<PoolMessage> {
  return (context) => {
    const pool = createPool(context, options);
    for (const slot of pool.slots) setLoadDeadline(pool, slot);
    context.signal.addEventListener("abort", () => pool.slots.forEach(endWorker), { once: true });
    return (message) => {
      handle(pool, message);
      if (pool.leaving !== "no") handBackWaiting(pool);
    };
  };
}

function handle(pool: Pool, message: PoolMessage): void {
  const { options } = pool;
  switch (message.type) {
    case "tasks":
      pool.queue.push(message.tasks);
      return shareOut(pool);
    case "worker": {
      const slot = pool.slots[message.slot];
      return slot.life === message.life ? hear(pool, slot, message.message) : undefined;
    }
    case "session":
      pool.session = message.session;
      pool.data = message.data;
      for (const slot of pool.slots) if (slot.state !== "loading") postSession(slot, message.data);
      return shareOut(pool);
    case "custom":
      return postCustomToAll(pool, message.payload);
    case "cancel":
      return cancel(pool, matcher(message.attempts));
    case "recall":
      reportResults(pool, handBack(extractWaiting(pool, matcher(message.attempts)), "it had not begun"));
      return shareOut(pool);
    case "take-stock":
      return options.report({ type: "held", session: pool.session, attempts: unfinished(pool) });
    case "drop":
      pool.data = undefined;
      pool.slots.forEach(forgetEarly);
      return cancel(pool, () => true);
    case "drain":
      if (pool.leaving === "no") pool.leaving = "draining";
      return;
    case "hand-back":
      return handBackAll(pool);
    case "worker-error": {
      const slot = pool.slots[message.slot];
      if (slot.life !== message.life) return;
      if (slot.state === "loading") return unusable(pool, message.message);
      return loseWorker(pool, slot, { kind: "worker-lost", name: "Error", message: message.message });
    }
    case "load-deadline": {
      const slot = pool.slots[message.slot];
      if (slot.life !== message.life || slot.state !== "loading") return;
      return unusable(pool, `it was not loaded within ${loadMsMax / 1000} s; does it wait for something?`);
    }
    case "check":
      return check(pool);
  }
}

/** Handles what a worker says. */
function hear(pool: Pool, slot: Slot, message: FromWorker): void {
  const { report } = pool.options;
  switch (message.kind) {
    case "results":
    case "large-result":
      return hearResults(pool, slot, message);
    case "ready":
      greetWorker(slot);
      if (pool.data) postSession(slot, pool.data);
      return;
    case "prepared":
      slot.state = "prepared";
      return shareOut(pool);
    case "revoked":
      slot.revoking = false;
      return shareOut(pool);
    case "log": {
      const { kind: type, ...line } = message;
      return report({ type: "say", session: pool.session, message: { type, ...line } });
    }
    case "progress": {
      const { kind: type, ...progress } = message;
      return report({ type: "say", session: pool.session, message: { type, ...progress } });
    }
    case "custom-taken":
      return customTaken(slot);
    case "custom":
      return report({ type: "send-custom", session: pool.session, payload: message.payload });
    case "uncaught":
      return loseWorker(pool, slot, message.failure);
    case "unusable":
      return unusable(pool, message.message);
  }
}

function postCustomToAll(pool: Pool, payload: Uint8Array): void {
  const refusals = pool.slots.filter((slot) => !postCustom(slot, payload)).length;
  if (refusals === 0) return;
  // Not a line for each of what may be thousands.
  if (Math.log2(++pool.customsDropped) % 1 !== 0) return;
  const text = `dropped ${pool.customsDropped} messages of the server's half of the job up to now, for its workers ` +
    "compute without a pause in which to read them";
  pool.options.report({ type: "say", session: pool.session, message: { type: "log", level: "warn", text } });
}

function hearResults(pool: Pool, slot: Slot, message: ResultsMessage): void {
  const results = takeResults(slot, message, pool.context.clock.now());
  pool.failuresInRow = 0;
  if (results.length > 0) {
    const elapsedMs = results.reduce((sum, result) => sum + result.elapsedMs, 0);
    pool.estimateMs = updateEstimate(pool.estimateMs, elapsedMs, results.length);
    for (const { status } of results) {
      if (status === "ok") pool.options.counts.computed++;
      else pool.options.counts.failed++;
    }
    reportResults(pool, results);
  }
  shareOut(pool);
}

function check(pool: Pool): void {
  const nowMs = pool.context.clock.now();
  // A check that comes late shows that this process was stalled, and its workers most likely with it.
  const lateMs = nowMs - pool.checkAtMs;
  pool.checkAtMs = Infinity;
  for (const slot of pool.slots) {
    if (lateMs > stallMsMin) excuse(slot, lateMs, nowMs);
    const verdict = judge(slot, nowMs);
    if (verdict) punish(pool, slot, verdict);
  }
  rebalance(pool);
  shareOut(pool);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;

/** Replaces a worker that goes on with what it should not. */
function punish(pool: Pool, slot: Slot, verdict: Verdict): void {
  const { log } = pool.context;
  if (verdict.why === "stuck") {
    log.warn(`replacing a worker that has had tasks for ${seconds(verdict.ms)} and begun none of them`);
    replaceWorker(pool, slot, undefined, undefined);
    countFailure(pool, "its workers stop answering between two tasks");
    return;
  }
  const { entry, ms } = verdict;
  if (verdict.why === "ignores-cancel") {
    log.info(`replacing a worker that went on with the cancelled task ${entry.task} for ${seconds(ms)}`);
    return replaceWorker(pool, slot, undefined, undefined);
  }
  const limit = `its limit of ${seconds(entry.timeoutMs)} (option --task-timeout)`;
  replaceWorker(pool, slot, entry, {
    kind: "timeout",
    name: "TimeoutError",
    message: `computed for ${seconds(ms)} on node ${place(pool)}, longer than ${limit}`,
  });
}

const place = (pool: Pool): string => `${pool.options.name}${pool.data ? ` (${pool.data.node})` : ""}`;

/** A worker has failed by an error that nothing caught: the task that ran is reported, all others wait anew. */
function loseWorker(pool: Pool, slot: Slot, failure: TaskFailure): void {
  const culprit = runningIn(slot, pool.context.clock.now());
  pool.options.log.warn(`a worker has failed and is replaced: ${failure.name}: ${failure.message}`, {
    task: culprit?.task,
  });
  const message = `its worker on node ${place(pool)} failed: ${failure.message}`;
  replaceWorker(pool, slot, culprit, { ...failure, kind: "worker-lost", message });
  if (!culprit) countFailure(pool, `its workers fail outside of tasks, at last by ${failure.name}: ${failure.message}`);
  shareOut(pool);
}

/** Ends a worker and starts another. `culprit` is reported as failed; all else goes back to the queue's front. */
function replaceWorker(pool: Pool, slot: Slot, culprit: TaskEntry | undefined, failure: TaskFailure | undefined): void {
  const elapsedMs = pool.context.clock.now() - slot.begunSinceMs;
  const rest = endWorker(slot);
  startWorker(slot);
  setLoadDeadline(pool, slot);
  putBack(pool, rest.filter((entry) => entry !== culprit));
  if (!culprit || !failure || !rest.includes(culprit)) return;
  const { task, attempt } = culprit;
  pool.options.counts.failed++;
  reportResults(pool, [{ task, attempt, status: "failed", elapsedMs, payload: encodeFailure(failure) }]);
}

function setLoadDeadline(pool: Pool, slot: Slot): void {
  const message = { type: "load-deadline", slot: pool.slots.indexOf(slot), life: slot.life } as const;
  pool.context.after(loadMsMax, message);
}

/** Keeps a job whose workers never come to compute from being started for ever. */
function countFailure(pool: Pool, message: string): void {
  if (++pool.failuresInRow > failuresInRowMax) unusable(pool, message);
}

function unusable(pool: Pool, message: string): void {
  pool.options.report({ type: "unusable", message: `cannot run the job in a worker: ${message}` });
}

/** Forgets tasks; those that run are told, and later made, to end. */
function cancel(pool: Pool, unwanted: (entry: TaskEntry) => boolean): void {
  const nowMs = pool.context.clock.now();
  extractWaiting(pool, unwanted);
  for (const slot of pool.slots) cancelBegun(slot, unwanted, nowMs);
  shareOut(pool);
}

function matcher(attempts: readonly Attempt[]): (entry: TaskEntry) => boolean {
  const wanted = new Set(attempts.map(({ task, attempt }) => `${task}/${attempt}`));
  return ({ task, attempt }) => wanted.has(`${task}/${attempt}`);
}

const leaves = "the node leaves";

/** Hands back what waits, and says when nothing is left. To be called after each message while the node leaves. */
function handBackWaiting(pool: Pool): void {
  reportResults(pool, handBack(extractWaiting(pool, () => true), leaves));
  shareOut(pool);
  if (pool.leaving !== "draining" || !isDone(pool)) return;
  pool.leaving = "drained";
  pool.options.report({ type: "drained", session: pool.session });
}

function handBackAll(pool: Pool): void {
  pool.leaving = "drained";
  const rest = pool.slots.flatMap(endWorker);
  rest.push(...pool.queue.take(Infinity));
  shareOut(pool);
  pool.options.report({ type: "handed-back", session: pool.session, results: handBack(rest, leaves) });
}
