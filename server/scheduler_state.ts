/**
 * What the Scheduler knows, shared by the modules that make its decisions.
 *
 * @module
 */
import type { Logger } from "../actors/types.ts";
import type { Attempt as AttemptId, NodeId, TaskEntry } from "../actors/remote/protocol.ts";
import type { FailedTask } from "../job/types.ts";
import { type Capacities, type Capacity, createCapacities } from "./capacity.ts";
import { createEarlyTable, type EarlyTable } from "./early.ts";
import { type Attempt, createLeaseTable, type Lease, type LeaseTable, type RetryLimits } from "./lease_table.ts";
import type { Counts, Progress } from "./messages.ts";
import type { Peers } from "./peers.ts";
import { createRate } from "./rate.ts";
import { createReadyQueue, type ReadyQueue } from "./ready_queue.ts";
import { createDurations, type Durations } from "./stragglers.ts";

/** Stands for no node, in a question to the Job whose tasks belong to none. */
export const nobody: NodeId = "";

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
  /** How many results of a task, from different nodes, must agree. */
  readonly replicas: number;
  /** Whether a task that failed for good ends the job, or is left out. */
  readonly onFailure: "stop" | "skip";
  /** Whether stragglers are computed a second time near the end. */
  readonly speculate: boolean;
  /** Whether results are stored before they are collected. */
  readonly isJournaled: boolean;
  /** What the server's clock shows when it is 1970, in milliseconds: added to its time it gives the date. */
  readonly epochMs: number;
  /** Whether the job was begun by an earlier life of the server: nodes may then be ahead of it. */
  readonly isResumed: boolean;
  /** How often a node gives a sign of life, in milliseconds. */
  readonly heartbeatMs: number;
  /** Hears how far the job is, a few times a second. */
  readonly onProgress: (progress: Progress) => void;
}

/** The Scheduler's books. */
export interface State extends SchedulerOptions {
  readonly now: () => number;
  /** The time at which the message at hand was taken up: reading the clock for each of its tasks would cost more. */
  turnMs: number;
  readonly startedMs: number;
  readonly capacities: Capacities;
  readonly leases: LeaseTable;
  readonly ready: ReadyQueue;
  readonly rate: ReturnType<typeof createRate>;
  readonly durations: Durations;
  readonly counts: { -readonly [Name in Exclude<keyof Counts, "nodes" | "nodesLost">]: Counts[Name] };
  /** Every node that was ever here, and those that were lost and are not back. */
  readonly seen: Set<NodeId>;
  readonly lost: Set<NodeId>;
  /** Tasks that failed for good, the first ones. */
  readonly failures: FailedTask[];
  /** Grants of this turn, one frame a node. */
  readonly outbox: Map<Capacity, TaskEntry[]>;
  /** What nodes may forget, one frame a node. */
  readonly acks: Map<NodeId, AttemptId[]>;
  readonly early: EarlyTable;
  /** Tasks below this number have been made by the Job. */
  frontier: number;
  /** Whom the Job has nothing for until something changes: these nodes, or all. */
  readonly quiet: Set<NodeId>;
  isQuiet: boolean;
  /** How many answers the Job has to wait for itself, on whose behalf. No more are asked for meanwhile. */
  readonly awaited: Map<NodeId, number>;
  /** Since when it has waited without a task, in milliseconds of the server's clock. */
  awaitedSinceMs: number;
  /** After a change, one request finds out whether there are tasks again, before all nodes are asked for. */
  isProbing: boolean;
  /** Whether the Job was asked on behalf of nobody. */
  isAsking: boolean;
  /** Whether tasks need something of a node, so that many must be looked at to find the right one. */
  hasNeeds: boolean;
  /** Nodes that are sent home when they have done what they have. */
  readonly dismissed: Set<NodeId>;
  isPaused: boolean;
  isDraining: boolean;
  isHalted: boolean;
  settledBytes: number;
  /** The sum of what running attempts say of themselves. */
  fractions: number;
  total: number | undefined;
  ticks: number;
  /** Tasks that lost a node more than once, and when they may go out again. */
  resting: { readonly lease: Lease; readonly untilMs: number }[];
  /** When it was last looked for tasks to recall. */
  recalledMs: number;
}

/** Empty books. */
export function createState(options: SchedulerOptions, now: () => number): State {
  return {
    ...options,
    now,
    turnMs: now(),
    startedMs: now(),
    capacities: createCapacities(),
    leases: createLeaseTable(options.limits),
    ready: createReadyQueue(),
    rate: createRate(),
    durations: createDurations(),
    counts: { collected: 0, failed: 0, retried: 0, dropped: 0, speculated: 0, resumed: 0, computeMs: 0 },
    seen: new Set(),
    lost: new Set(),
    failures: [],
    outbox: new Map(),
    acks: new Map(),
    early: createEarlyTable(),
    frontier: 0,
    quiet: new Set(),
    awaited: new Map(),
    awaitedSinceMs: Infinity,
    dismissed: new Set(),
    resting: [],
    ...{ isQuiet: false, isProbing: false, isAsking: false, hasNeeds: false },
    ...{ isPaused: false, isDraining: false, isHalted: false },
    ...{ settledBytes: 0, fractions: 0, total: undefined, ticks: 0, recalledMs: -Infinity },
  };
}

/** Notes that a node may forget an attempt; told at the end of the turn. */
export function acknowledge({ acks }: State, node: NodeId, task: number, attempt: number): void {
  const list = acks.get(node);
  if (list) list.push({ task, attempt });
  else acks.set(node, [{ task, attempt }]);
}

/** A node need neither compute nor keep these any more. */
export function dismiss(state: State, node: NodeId, attempts: readonly AttemptId[]): void {
  state.capacities.get(node)?.session.tell({ type: "cancel", attempts, isRecall: false });
  for (const { task, attempt } of attempts) acknowledge(state, node, task, attempt);
}

/** An attempt says how far it is. */
export function setFraction(state: State, attempt: Attempt, fraction: number): void {
  state.fractions += fraction - attempt.fraction;
  attempt.fraction = fraction;
}

/** Ends the other attempts at a task: nobody waits for them any more. */
export function cancelOthers(state: State, lease: Lease, except?: Attempt): void {
  for (const attempt of [...lease.attempts]) {
    setFraction(state, attempt, 0);
    if (attempt === except || attempt.state !== "live") continue;
    const capacity = state.capacities.get(attempt.node);
    if (!capacity) continue;
    state.capacities.shift(capacity, -1, lease.payload.length);
    const attempts = [{ task: lease.task, attempt: attempt.number }];
    capacity.session.tell({ type: "cancel", attempts, isRecall: false });
  }
}

/** Something has happened that may have changed what the Job has to give. */
export function changed(state: State): void {
  if (state.isQuiet) state.isProbing = true;
  state.isQuiet = false;
  state.quiet.clear();
}

/** How long an answer of the Job may be waited for before there is taken to be none, in milliseconds. */
const awaitedMsMax = 100;

/**
 * Whether the Job has nothing to hand out: it says so, or waits for something itself. Where it makes its tasks in
 * `async` functions, each answer waits a little; that means nothing.
 */
export const hasNothing = (state: State): boolean => state.isQuiet || state.now() - state.awaitedSinceMs > awaitedMsMax;

/** The job is over. */
export function finish(state: State, outcome: "complete" | "failed" | "stopped", reason?: string): void {
  if (state.isHalted) return;
  state.isHalted = true;
  state.peers.deliver("root", { type: "over", outcome, reason });
}
