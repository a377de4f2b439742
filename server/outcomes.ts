/**
 * What becomes of attempts: results, failures, lost nodes, and nodes that come back.
 *
 * @module
 */
import type { Attempt as AttemptId, NodeId, ResultEntry, TaskFailure } from "../actors/remote/protocol.ts";
import type { AttemptFailure, FailedTask } from "../job/types.ts";
import { asError } from "../actors/remote/errors.ts";
import { decodeFailure } from "../actors/remote/failure.ts";
import { recycle } from "../actors/remote/spare_buffers.ts";
import { type Attempt, type Ending, type Lease, type Verdict, wanting } from "./lease_table.ts";
import type { SchedulerMessage, SettledTask } from "./messages.ts";
import { lossReport, taskReport } from "./report.ts";
import { acknowledge, cancelOthers, changed, dismiss, finish, setFraction, type State } from "./scheduler_state.ts";

/** Within so many heartbeats a node that is lost is known to be lost. */
const restBeats = 2;
/** How many failed tasks are listed in the summary. */
const failuresMax = 1_000;
/** The greatest attempt that is taken over from a node; far above what budgets allow, far below what a field holds. */
const attemptMax = 2 ** 31;

/** A batch of results has come from a node. */
export function takeResults(state: State, node: NodeId, results: readonly ResultEntry[]): void {
  const settled: SettledTask[] = [];
  let computeMs = 0;
  for (const result of results) {
    const attempt = state.leases.find(node, result.task, result.attempt) ?? inherit(state, node, result);
    if (!attempt) takeUnknown(state, node, result);
    else if (result.status === "failed") {
      release(state, attempt);
      acknowledge(state, node, result.task, result.attempt);
      failed(state, attempt, readFailure(result.payload));
    } else {
      computeMs += result.elapsedMs;
      takeResult(state, attempt, result, settled);
    }
  }
  const capacity = state.capacities.get(node);
  if (capacity && settled.length > 0) state.capacities.timed(capacity, computeMs / settled.length);
  store(state, settled);
}

/** What the node says of the failure; that it cannot be read is a failure as well. */
function readFailure(payload: Uint8Array): TaskFailure {
  try {
    return decodeFailure(payload);
  } catch (thrown) {
    const { name, message } = asError(thrown);
    return { kind: "decode", name, message: `the failure could not be read: ${message}` };
  }
}

/** An attempt granted in an earlier life of the server, at a task that was made again before its node came back. */
function inherit(state: State, node: NodeId, { task, attempt }: AttemptId): Attempt | undefined {
  const lease = state.leases.get(task);
  if (!state.isResumed || lease?.state !== "open" || attempt <= lease.lastAttempt || attempt > attemptMax) {
    return undefined;
  }
  // Each life may have given the node one of them, and a node may say anything: it agrees with others, not with itself.
  if (lease.replicas > 1 && [...lease.votes, ...lease.attempts].some((other) => other.node === node)) return undefined;
  return adopt(state, lease, node, attempt);
}

/** A node turns out to have an attempt. */
function adopt(state: State, lease: Lease, node: NodeId, attempt: number): Attempt {
  const capacity = state.capacities.get(node);
  if (capacity) state.capacities.shift(capacity, 1, lease.payload.length);
  const adopted = state.leases.adopt(lease, node, attempt, state.now());
  if (wanting(lease) <= 0) state.ready.remove(lease);
  for (const other of lease.attempts) if (other !== adopted && wanting(lease) < 0) callBack(state, other);
  return adopted;
}

/** Has a node hand back an attempt that it has not begun. */
function callBack({ capacities }: State, attempt: Attempt): void {
  if (attempt.state !== "live" || attempt.isRecalled) return;
  attempt.isRecalled = true;
  const attempts = [{ task: attempt.lease.task, attempt: attempt.number }];
  capacities.get(attempt.node)?.session.tell({ type: "cancel", attempts, isRecall: true });
}

/** The node has no longer this attempt. */
function release(state: State, attempt: Attempt): void {
  setFraction(state, attempt, 0);
  const capacity = attempt.state === "live" ? state.capacities.get(attempt.node) : undefined;
  if (capacity) state.capacities.shift(capacity, -1, attempt.lease.payload.length);
}

/** Late, repeated, or of a task that the Job has not made again yet. */
function takeUnknown(state: State, node: NodeId, result: ResultEntry): void {
  if (isEarly(state, result) && state.early.note(result.task, { node, attempt: result.attempt, result })) return;
  // While its first result is being stored, it must not be acknowledged: that would be a promise.
  if (state.leases.get(result.task)?.state !== "settled") acknowledge(state, node, result.task, result.attempt);
  state.counts.dropped++;
}

/** Whether a node is ahead of the Job, as it may be of a server that was started again. */
function isEarly({ isResumed, frontier }: State, { task, attempt }: AttemptId): boolean {
  return isResumed && task >= frontier && attempt <= attemptMax;
}

function takeResult(state: State, attempt: Attempt, result: ResultEntry, settled: SettledTask[]): void {
  const { lease, node, number } = attempt;
  const { elapsedMs, payload } = result;
  release(state, attempt);
  state.capacities.get(node)?.health.succeeded();
  state.durations.add(elapsedMs);
  if (lease.replicas === 1) return void settled.push(settle(state, lease, attempt, result));
  state.leases.drop(attempt);
  if (lease.votes.some((vote) => vote.node === node)) return secondVote(state, lease, attempt);
  lease.votes = [...lease.votes, { node, attempt: number, elapsedMs, payload }];
  acknowledge(state, node, lease.task, number);
  if (lease.votes.length < lease.replicas) return;
  state.peers.deliver("job", { type: "compare", task: lease.task, votes: lease.votes.map((vote) => vote.payload) });
}

/** A node that went and came back may have had two attempts: it agrees with others, not with itself. */
function secondVote(state: State, lease: Lease, { node, number }: Attempt): void {
  acknowledge(state, node, lease.task, number);
  state.counts.dropped++;
  if (wanting(lease) > 0) state.ready.push(lease);
}

function settle(state: State, lease: Lease, { node, number }: Pick<Attempt, "node" | "number">, result: {
  readonly elapsedMs: number;
  readonly payload: Uint8Array;
}): SettledTask {
  const { elapsedMs, payload } = result;
  cancelOthers(state, lease, lease.attempts.find((attempt) => attempt.node === node && attempt.number === number));
  state.ready.remove(lease);
  state.leases.settle(lease, payload.byteLength);
  state.settledBytes += payload.byteLength;
  state.counts.computeMs += elapsedMs;
  return {
    task: lease.task,
    hash: lease.hash,
    attempt: number,
    attempts: lease.lastAttempt,
    node,
    nodeName: nameOf(state, node),
    startedMs: state.turnMs - elapsedMs,
    elapsedMs,
    payload,
  };
}

/** Results go to the journal first, where there is one, and to the Job when they are safe. */
function store(state: State, settled: readonly SettledTask[]): void {
  if (settled.length === 0) return;
  if (state.isJournaled) state.peers.deliver("journal", { type: "append", settled });
  else stored(state, settled);
}

/** These results are safe. */
export function stored(state: State, settled: readonly SettledTask[]): void {
  const results: SettledTask[] = [];
  for (const result of settled) {
    acknowledge(state, result.node, result.task, result.attempt);
    const lease = state.leases.get(result.task);
    if (lease?.state !== "settled") continue;
    lease.isStored = true;
    results.push(result);
  }
  if (results.length > 0) state.peers.deliver("job", { type: "results", results });
}

/** A task that nodes were ahead with has been made again: what they have of it counts. */
export function settleEarly(state: State, lease: Lease): void {
  const { node, attempt, result } = state.early.take(lease.task)!;
  if (!result && !state.capacities.get(node)) return state.ready.push(lease);
  adopt(state, lease, node, attempt);
  if (result) takeResults(state, node, [result]);
  if (lease.state === "open" && wanting(lease) > 0) state.ready.push(lease);
}

/** The Job has compared the results of a task: which one counts, if enough of them agree. */
export function compared(state: State, { task, votes, agreed }: Extract<SchedulerMessage, { type: "compared" }>): void {
  const lease = state.leases.get(task);
  if (lease?.state !== "open") return;
  const vote = agreed === undefined ? undefined : lease.votes[agreed];
  if (vote) return store(state, [settle(state, lease, { node: vote.node, number: vote.attempt }, vote)]);
  // Another one has come meanwhile, and is being compared with these.
  if (votes < lease.votes.length) return;
  if (lease.votes.length >= state.replicas + state.limits.maxAttempts) {
    const reason = `task ${task} has ${lease.votes.length} results of which no ${state.replicas} agree`;
    return failedForGood(state, lease, "failed", reason);
  }
  state.log.warn("results of a task disagree; it is computed once more", { task, results: lease.votes.length });
  lease.replicas = lease.votes.length + 1;
  state.ready.push(lease);
}

/** The Job has collected a task. */
export function collected(state: State, task: number): void {
  const lease = state.leases.get(task);
  if (lease?.state !== "settled") return;
  state.settledBytes -= lease.resultBytes;
  state.leases.remove(lease);
  // With a second attempt it may still be on its way to a node.
  if (lease.lastAttempt === 1) recycle(lease.payload);
  state.counts.collected++;
}

/** The Job could not read a result: that is as good as a failure on the node. */
export function rejected(state: State, task: number, node: NodeId, failure: TaskFailure): void {
  const lease = state.leases.get(task);
  if (lease?.state !== "settled") return;
  state.settledBytes -= lease.resultBytes;
  follow(state, lease, state.leases.reopen(lease, ending(state, node, failure)), failure, node);
}

const nameOf = (state: State, node: NodeId): string => state.capacities.get(node)?.name ?? node;

const ending = (state: State, node: NodeId, failure: AttemptFailure): Ending => ({
  ...{ node: nameOf(state, node), at: state.epochMs + state.now(), failure },
});

function failed(state: State, attempt: Attempt, failure: TaskFailure): void {
  const { lease, node } = attempt;
  const verdict = state.leases.failed(attempt, ending(state, node, failure));
  if (failure.kind !== "handed-back") judge(state, node, lease.task);
  follow(state, lease, verdict, failure, node);
}

function follow(state: State, lease: Lease, verdict: Verdict, failure: TaskFailure, node: NodeId): void {
  if (verdict === "failed") {
    return failedForGood(state, lease, "failed", taskReport(lease, failure, nameOf(state, node)));
  }
  if (verdict === "retry") state.ready.push(lease);
  if (failure.kind === "handed-back") return;
  state.log.warn(`an attempt failed and is made again: ${failure.name}: ${failure.message}`, {
    ...{ task: lease.task, attempt: lease.lastAttempt, node: nameOf(state, node) },
  });
}

/** Pauses a node on which task after task fails, if others do better. */
function judge(state: State, node: NodeId, task: number): void {
  const capacity = state.capacities.get(node);
  if (!capacity) return;
  capacity.health.failed(task);
  if (!capacity.health.isSuspicious()) return;
  const others = [...state.capacities.all()].filter((other) => other !== capacity && other.health.limit() > 1);
  if (!others.some(({ health }) => !health.isSuspicious())) return;
  const pausedMs = capacity.health.pause(state.now());
  state.capacities.refresh(capacity);
  state.log.error(`node ${capacity.name} is paused: one task after the other fails on it`, {
    ...{ node, forMs: pausedMs },
  });
}

/** Ends pauses whose time is over. */
export function parole(state: State): void {
  for (const capacity of state.capacities.all()) {
    if (!capacity.health.parole(state.now())) continue;
    state.log.warn(`node ${capacity.name} is tried again, with one task at a time`, { node: capacity.node });
    state.capacities.refresh(capacity);
  }
}

function failedForGood(state: State, lease: Lease, outcome: "failed" | "quarantined", reason: string): void {
  const { task, hash, lastAttempt: attempts, evidence } = lease;
  cancelOthers(state, lease);
  state.ready.remove(lease);
  state.leases.remove(lease);
  const failure = { task, attempts, outcome, reason, evidence };
  countFailure(state, failure);
  if (state.isJournaled) state.peers.deliver("journal", { type: "failed", failure, hash });
  state.peers.deliver("job", { type: "dropped", task });
  if (state.onFailure === "stop") return finish(state, "failed", reason);
  state.log.error(`${reason.split("\n", 1)[0]}: left out, as --on-failure skip says`, { task });
  changed(state);
}

function countFailure(state: State, failure: FailedTask): void {
  state.counts.failed++;
  if (state.failures.length < failuresMax) state.failures.push(failure);
}

/** A task has failed for good in an earlier life of the server: it is as if it failed now. */
export function failedBefore(state: State, failure: FailedTask): void {
  countFailure(state, failure);
  if (state.onFailure === "stop") return finish(state, "failed", failure.reason);
  changed(state);
}

/** A node is gone; lost, if `loss` says how. */
export function nodeGone(state: State, node: NodeId, loss: string | undefined): void {
  const lost = loss === undefined
    ? undefined
    : ending(state, node, { kind: "node-lost", name: "NodeLost", message: loss });
  const isKnown = state.capacities.remove(node) !== undefined;
  state.quiet.delete(node);
  if (lost && isKnown) state.lost.add(node);
  const forgotten: number[] = [];
  for (const attempt of state.leases.heldBy(node)) setFraction(state, attempt, 0);
  for (const { lease, verdict } of state.leases.orphan(node, lost)) {
    if (verdict === "forgotten") forgotten.push(lease.task);
    else if (verdict === "failed") failedForGood(state, lease, "quarantined", lossReport(lease));
    else if (verdict === "retry") retryAfterLoss(state, lease);
  }
  const unstored = state.isPinned ? state.leases.unstoredOf(node) : [];
  for (const lease of [...state.ready.takePinned(node), ...unstored]) {
    // The books, once told that the node is gone, expect no result of it: not even one that is on its way to the disk.
    if (lease.state === "settled") state.settledBytes -= lease.resultBytes;
    state.leases.remove(lease);
    forgotten.push(lease.task);
  }
  state.peers.deliver("job", { type: "lost", node, forgotten });
  changed(state);
}

/**
 * Has a lost task go out again: at once the first time, and then when all that was lost together is known to be lost.
 * Or it would go from one node to the next of a network that fails as a whole, and be taken for what ends them.
 */
function retryAfterLoss(state: State, lease: Lease): void {
  if (lease.losses <= 1) return state.ready.push(lease);
  state.resting.push({ lease, untilMs: state.now() + restBeats * state.heartbeatMs });
}

/** Has tasks go out again that have waited long enough. */
export function wake(state: State): void {
  if (state.resting.length === 0) return;
  const nowMs = state.now();
  const due = state.resting.filter(({ untilMs }) => untilMs <= nowMs);
  if (due.length === 0) return;
  state.resting = state.resting.filter(({ untilMs }) => untilMs > nowMs);
  for (const { lease } of due) if (lease.state === "open" && wanting(lease) > 0) state.ready.push(lease);
}

/**
 * A node says all that it holds: what both sides know is put in step.
 *
 * A connection keeps the order and loses nothing while it lasts. What a node has not named yet is therefore under way,
 * however long that takes; and what it has named and no longer names, without a result, it has lost.
 */
export function reconcile(state: State, node: NodeId, held: readonly AttemptId[]): void {
  const capacity = state.capacities.get(node);
  if (!capacity) return;
  capacity.isComingBack = false;
  const superfluous: AttemptId[] = [];
  const known = new Set<Attempt>();
  for (const id of held) {
    const attempt = recognise(state, node, id, superfluous);
    if (!attempt) continue;
    attempt.isConfirmed = true;
    known.add(attempt);
  }
  if (superfluous.length > 0) dismiss(state, node, superfluous);
  for (const attempt of state.leases.heldBy(node)) {
    if (known.has(attempt) || !attempt.isConfirmed) continue;
    state.log.warn("a node no longer has what it was given; the task goes out again", {
      ...{ task: attempt.lease.task, attempt: attempt.number, node: capacity.name },
    });
    release(state, attempt);
    const failure: TaskFailure = { kind: "handed-back", name: "Lost", message: "the node does not hold it" };
    failed(state, attempt, failure);
  }
  state.capacities.refresh(capacity);
}

function recognise(state: State, node: NodeId, id: AttemptId, superfluous: AttemptId[]): Attempt | undefined {
  const { task, attempt } = id;
  const lease = state.leases.get(task);
  const isAhead = !lease && isEarly(state, id);
  if (isAhead && (state.early.has(task) || state.early.note(task, { node, attempt }))) return undefined;
  // Its result is on the way to be stored, and will be acknowledged then.
  if (lease?.state === "settled") return undefined;
  const found = state.leases.find(node, task, attempt) ?? inherit(state, node, id);
  if (found?.state === "live") return found;
  if (!lease || !found) {
    superfluous.push(id);
    return undefined;
  }
  return adopt(state, lease, node, attempt);
}
