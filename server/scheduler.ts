/**
 * The Scheduler actor: leases tasks to nodes, and takes back what they return.
 *
 * It asks the Job for tasks as nodes have room (credit), so that tasks are made when they are needed and no slot waits
 * for a round trip. Every grant is an attempt with a number; a result counts only from the node and the attempt that
 * hold the lease. What fails or is lost is granted anew, within budgets.
 *
 * @module
 */
import type { Behavior, Handler, Logger } from "../actors/types.ts";
import type { NodeId, ProgressMessage, ResultEntry, TaskEntry, TaskFailure } from "../actors/remote/protocol.ts";
import { decodeFailure } from "../actors/remote/failure.ts";
import { type Capacities, type Capacity, createCapacities, room } from "./capacity.ts";
import { createLeaseTable, type Lease, type LeaseTable, type RetryLimits } from "./lease_table.ts";
import type { Counts, OfferedTask, Progress, SchedulerMessage } from "./messages.ts";
import type { Peers } from "./peers.ts";
import { createRate, etaMs } from "./rate.ts";
import { recallsFor } from "./recall.ts";
import { lossReport, taskReport } from "./report.ts";

/** How often the Scheduler says how far the job is, in milliseconds. */
const tickMs = 250;
/** How often a book that said `waiting` is asked again though nothing has changed that the server knows of. */
const ticksPerRecheck = 4;
/** Results that may be with the job before no further tasks are granted: how slow collecting holds nodes back. */
const collectingMax = 10_000;
/** The bytes of these. */
const collectingBytesMax = 64 * 1024 * 1024;

/** Stands for no node, in a question to the Job whose tasks belong to none. */
const nobody: NodeId = "";

/** What a Scheduler needs. */
export interface SchedulerOptions {
  readonly peers: Peers;
  /** For people: attempts that failed. */
  readonly log: Logger;
  readonly limits: RetryLimits;
  /** How long an attempt may compute, in milliseconds; 0 for no limit. */
  readonly timeoutMs: number;
  /** Whether tasks belong to the node that they were made for. */
  readonly isPinned: boolean;
  /** Hears how far the job is, a few times a second. */
  readonly onProgress: (progress: Progress) => void;
}

interface State extends SchedulerOptions {
  readonly now: () => number;
  readonly startedMs: number;
  readonly capacities: Capacities;
  readonly leases: LeaseTable;
  readonly rate: ReturnType<typeof createRate>;
  readonly counts: { -readonly [Name in keyof Counts]: Counts[Name] };
  /** Grants of this turn, one frame a node. */
  readonly outbox: Map<Capacity, TaskEntry[]>;
  /** Leases that wait for a node. */
  ready: Lease[];
  /** Whom the Job has nothing for until something changes: these nodes, or all. */
  readonly quiet: Set<NodeId>;
  isQuiet: boolean;
  /** After a change, one request finds out whether there are tasks again, before all nodes are asked for. */
  isProbing: boolean;
  /** Whether the Job was asked on behalf of nobody. */
  isAsking: boolean;
  isHalted: boolean;
  collectingBytes: number;
  /** The sum of what running attempts say of themselves. */
  fractions: number;
  total: number | undefined;
  ticks: number;
}

/** Makes the Scheduler's behavior. */
export function scheduler(options: SchedulerOptions): Behavior<SchedulerMessage> {
  return (context) => {
    const { now } = context.clock;
    const state: State = {
      ...options,
      now,
      startedMs: now(),
      capacities: createCapacities(),
      leases: createLeaseTable(options.limits),
      rate: createRate(),
      counts: { collected: 0, failed: 0, retried: 0, dropped: 0, nodes: 0, nodesLost: 0, computeMs: 0 },
      outbox: new Map(),
      ready: [],
      quiet: new Set(),
      isQuiet: false,
      isProbing: false,
      isAsking: false,
      isHalted: false,
      collectingBytes: 0,
      fractions: 0,
      total: undefined,
      ticks: 0,
    };
    context.every(tickMs, { type: "tick" });
    return handler(state);
  };
}

function handler(state: State): Handler<SchedulerMessage> {
  return (message) => {
    switch (message.type) {
      case "node-ready":
        state.capacities.add(message);
        state.counts.nodes++;
        break;
      case "node-leaving": {
        const capacity = state.capacities.get(message.node);
        if (capacity) state.capacities.drain(capacity);
        break;
      }
      case "node-gone":
        nodeGone(state, message.node, message.isLoss);
        break;
      case "results":
        takeResults(state, message.node, message.results);
        break;
      case "offer":
        takeOffer(state, message);
        break;
      case "collected":
        for (const task of message.tasks) collected(state, task);
        changed(state);
        break;
      case "rejected":
        rejected(state, message.task, message.failure);
        break;
      case "progress":
        progressed(state, message.node, message.progress);
        return;
      case "changed":
        changed(state);
        break;
      case "tick":
        tick(state);
        break;
      case "halt":
        state.isHalted = true;
        state.peers.deliver("root", { type: "halted", counts: { ...state.counts } });
        return;
    }
    if (!state.isHalted) pump(state);
  };
}

/** Brings together tasks that wait and nodes that have room; then sends what was granted. */
function pump(state: State): void {
  if (state.ready.length > 0 && state.capacities.open.size > 0) {
    state.ready = state.ready.filter((lease) => !place(state, lease));
  }
  request(state);
  recall(state);
  for (const [capacity, tasks] of state.outbox) capacity.session.tell({ type: "grant", tasks });
  state.outbox.clear();
}

function place(state: State, lease: Lease): boolean {
  const { capacities } = state;
  const capacity = lease.pinnedTo === undefined ? capacities.pick(lease.node) : capacities.get(lease.pinnedTo);
  if (!capacity || !capacities.open.has(capacity)) return false;
  grant(state, lease, capacity);
  return true;
}

function grant(state: State, lease: Lease, capacity: Capacity): void {
  state.leases.grant(lease, capacity.node);
  state.capacities.shift(capacity, 1, 0);
  const { task, attempt, payload } = lease;
  const entry: TaskEntry = { task, attempt, payload, timeoutMs: state.timeoutMs };
  const tasks = state.outbox.get(capacity);
  if (tasks) tasks.push(entry);
  else state.outbox.set(capacity, [entry]);
}

/** Asks the Job for tasks: first for slots that are free, then for what is to wait behind busy ones. */
function request(state: State): void {
  const { capacities, leases } = state;
  if (leases.counts.collecting >= collectingMax || state.collectingBytes >= collectingBytesMax) return;
  if (capacities.count() === 0) return requestForNobody(state);
  for (const isPrefetch of [false, true]) {
    for (const capacity of capacities.open) {
      if (state.isQuiet || (state.isProbing && capacity.requested > 0)) return;
      if (state.quiet.has(capacity.node)) continue;
      const count = room(capacity, isPrefetch ? capacity.window : capacity.slots);
      if (count <= 0) continue;
      capacities.shift(capacity, 0, count);
      state.peers.deliver("job", { type: "need", node: capacity.node, count });
      if (state.isProbing) return;
    }
  }
}

/** When the last node has gone with the last task done, the Job must still be asked, for it may be complete. */
function requestForNobody(state: State): void {
  const { ready, granted, collecting } = state.leases.counts;
  if (state.isPinned || state.isQuiet || state.isAsking || ready + granted + collecting > 0) return;
  state.isAsking = true;
  state.peers.deliver("job", { type: "need", node: nobody, count: 1 });
}

/** Where slots are idle and no task is left to hand out, takes back tasks that wait behind others. */
function recall(state: State): void {
  if (!state.isQuiet || state.isPinned || state.ready.length > 0) return;
  for (const [capacity, leases] of recallsFor(state.capacities, state.leases)) {
    for (const lease of leases) lease.recalled = true;
    const attempts = leases.map(({ task, attempt }) => ({ task, attempt }));
    capacity.session.tell({ type: "cancel", attempts, isRecall: true });
  }
}

function takeOffer(state: State, offer: Extract<SchedulerMessage, { type: "offer" }>): void {
  const { capacities, leases } = state;
  const capacity = capacities.get(offer.node);
  if (capacity) capacities.shift(capacity, 0, -offer.requested);
  if (offer.node === nobody) state.isAsking = false;
  state.total = offer.total;
  if (offer.tasks.length > 0) state.isProbing = false;
  if (offer.status === "finished") return finish(state, "complete");
  if (offer.status === "waiting") {
    if (state.isPinned) state.quiet.add(offer.node);
    else state.isQuiet = true;
  }
  for (const { task, payload } of offer.tasks) {
    // The node may have gone while the Job made these: then it has been told, and makes pinned ones anew.
    if (state.isPinned && !capacity) continue;
    const lease = leases.add(task, payload, state.isPinned ? offer.node : undefined);
    if (capacity && !state.isHalted) grant(state, lease, capacity);
    else state.ready.push(lease);
  }
}

function takeResults(state: State, node: NodeId, results: readonly ResultEntry[]): void {
  const capacity = state.capacities.get(node);
  const accepted: OfferedTask[] = [];
  let computeMs = 0;
  let ended = 0;
  for (const result of results) {
    const lease = state.leases.held(node, result.task, result.attempt);
    if (!lease) {
      state.counts.dropped++;
      continue;
    }
    ended++;
    setFraction(state, lease, 0);
    if (result.status === "failed") {
      failed(state, lease, decodeFailure(result.payload));
      continue;
    }
    state.leases.collecting(lease);
    lease.resultBytes = result.payload.byteLength;
    state.collectingBytes += lease.resultBytes;
    computeMs += result.elapsedMs;
    accepted.push({ task: lease.task, payload: result.payload });
  }
  if (capacity) state.capacities.shift(capacity, -ended, 0);
  if (accepted.length === 0) return;
  state.counts.computeMs += computeMs;
  if (capacity) state.capacities.timed(capacity, computeMs / accepted.length);
  state.peers.deliver("job", { type: "results", node, results: accepted });
}

function collected(state: State, task: number): void {
  const lease = state.leases.get(task);
  if (lease?.state !== "collecting") return;
  state.collectingBytes -= lease.resultBytes;
  state.leases.remove(lease);
  state.counts.collected++;
}

/** The Job could not read a result: that is as good as a failure on the node. */
function rejected(state: State, task: number, failure: TaskFailure): void {
  const lease = state.leases.get(task);
  if (lease?.state !== "collecting") return;
  state.collectingBytes -= lease.resultBytes;
  failed(state, lease, failure);
}

function failed(state: State, lease: Lease, failure: TaskFailure): void {
  const verdict = state.leases.failed(lease, failure);
  const nodeName = state.capacities.get(lease.node!)?.name;
  if (verdict === "failed") return failedForGood(state, lease, taskReport(lease, failure, nodeName));
  state.ready.push(lease);
  if (failure.kind === "handed-back") return;
  state.counts.retried++;
  const { task, attempt } = lease;
  state.log.warn(`an attempt failed and is made again: ${failure.name}: ${failure.message}`, {
    ...{ task, attempt, node: nodeName ?? lease.node },
  });
}

function failedForGood(state: State, lease: Lease, reason: string): void {
  state.leases.remove(lease);
  state.counts.failed++;
  state.peers.deliver("job", { type: "dropped", task: lease.task });
  finish(state, "failed", reason);
}

function nodeGone(state: State, node: NodeId, isLoss: boolean): void {
  const capacity = state.capacities.remove(node);
  state.quiet.delete(node);
  if (isLoss && capacity) state.counts.nodesLost++;
  const forgotten: number[] = [];
  for (const { lease, verdict } of state.leases.release(node, isLoss)) {
    setFraction(state, lease, 0);
    if (verdict === "forgotten") forgotten.push(lease.task);
    else if (verdict === "failed") failedForGood(state, lease, lossReport(lease, capacity?.name ?? node));
    else {
      if (isLoss) state.counts.retried++;
      state.ready.push(lease);
    }
  }
  state.ready = state.ready.filter((lease) => {
    if (lease.pinnedTo !== node) return true;
    state.leases.remove(lease);
    forgotten.push(lease.task);
    return false;
  });
  state.peers.deliver("job", { type: "lost", node, forgotten });
  changed(state);
}

function changed(state: State): void {
  if (state.isQuiet) state.isProbing = true;
  state.isQuiet = false;
  state.quiet.clear();
}

function progressed(state: State, node: NodeId, { task, attempt, fraction }: ProgressMessage): void {
  const lease = state.leases.held(node, task, attempt);
  if (lease) setFraction(state, lease, fraction);
}

function setFraction(state: State, lease: Lease, fraction: number): void {
  state.fractions += fraction - lease.fraction;
  lease.fraction = fraction;
}

function finish(state: State, outcome: "complete" | "failed", reason?: string): void {
  state.isHalted = true;
  state.peers.deliver("root", { type: "over", outcome, reason });
}

function tick(state: State): void {
  if (++state.ticks % ticksPerRecheck === 0) changed(state);
  const { counts, capacities, total } = state;
  const nowMs = state.now();
  const done = counts.collected + state.fractions;
  state.rate.sample(nowMs, done);
  const ratePerSecond = state.rate.perSecond();
  state.onProgress({
    collected: counts.collected,
    failed: counts.failed,
    running: state.leases.counts.granted,
    total,
    nodes: capacities.count(),
    slots: capacities.slots(),
    ratePerSecond,
    etaMs: etaMs(total === undefined ? undefined : total - counts.failed - done, ratePerSecond),
    elapsedMs: nowMs - state.startedMs,
  });
}
