/**
 * Which attempt at which task is where: the books behind every guarantee about tasks. Pure data; no messages.
 *
 * @module
 */
import type { NodeId } from "../actors/remote/protocol.ts";
import type { Evidence, TaskNeeds } from "../job/types.ts";

/** One grant of a task to a node. */
export interface Attempt {
  readonly lease: Lease;
  /** From 1; counts up with each grant of the task. */
  readonly number: number;
  readonly node: NodeId;
  /** When it was granted, or adopted, in milliseconds of the server's clock. */
  readonly sinceMs: number;
  /**
   * `live`: the node holds it. `orphaned`: the node's connection is lost; should it come back with the attempt, or
   * with its result, that still counts.
   */
  state: "live" | "orphaned";
  /** Whether the node has named it among what it holds. Before that it may be under way. */
  isConfirmed: boolean;
  /** Whether the node was asked to hand it back, should it not have begun. */
  isRecalled: boolean;
  /** Whether it counts as a lost node of the task, until its node comes back with it. */
  isLoss: boolean;
  /** How far it says it is, between 0 and 1. */
  fraction: number;
  /** Its neighbours among the live attempts of its node, for the table alone. */
  before: Attempt | undefined;
  after: Attempt | undefined;
}

/** How an attempt ended without a result: by which node's name, when, and why. */
export type Ending = Omit<Evidence, "attempt">;

/** A result that waits for others to agree with. */
export interface Vote {
  readonly node: NodeId;
  readonly attempt: number;
  readonly elapsedMs: number;
  readonly payload: Uint8Array;
}

/** A task that has not ended. */
export interface Lease {
  /** The task's number. */
  readonly task: number;
  /** Its data, encoded; kept for further attempts. */
  readonly payload: Uint8Array;
  readonly needs: TaskNeeds;
  /** The hash of its data, where the job is journaled. */
  readonly hash: string;
  /** The only node that may compute it, for jobs that keep their own books. */
  readonly pinnedTo: NodeId | undefined;
  /** `open`: wants attempts or has them. `settled`: its result is being stored and collected. `ended`: forgotten. */
  state: "open" | "settled" | "ended";
  /** Whether it waits in the ready queue. */
  isQueued: boolean;
  /** Attempts that may still bring a result. */
  attempts: readonly Attempt[];
  /** The number of the latest attempt; 0 before the first. */
  lastAttempt: number;
  /** How many results must agree. */
  replicas: number;
  /** Results that have come while more than one is wanted. */
  votes: readonly Vote[];
  /** How many attempts failed by the task's own error. */
  errors: number;
  /** How many nodes were lost under it. */
  losses: number;
  /** Whether its next attempt makes one again that failed, or whose node was lost. */
  isRetry: boolean;
  /** Nodes on which it failed. */
  triedBy: readonly NodeId[];
  /** The latest failures. */
  evidence: readonly Evidence[];
  /** The size of its result while that is being stored and collected, in bytes. */
  resultBytes: number;
  /** Whether its result is safe, so that it will be collected whatever becomes of its node. */
  isStored: boolean;
}

/** How many failures of each kind a task survives. Budgets are separate: a lost node is not the task's fault. */
export interface RetryLimits {
  /** Attempts that may end by the task's own error; the last of them is final. */
  readonly maxAttempts: number;
  /** Lost nodes that are tolerated; one more is final. */
  readonly maxNodeLosses: number;
}

/** What becomes of a task after an attempt has ended without a result. */
export type Verdict =
  /** It is to wait for a node again. */
  | "retry"
  /** Another attempt goes on, or it waits already. */
  | "under way"
  /** Its budget is spent. */
  | "failed"
  /** It was made for the node that is gone. */
  | "forgotten";

/** How many failures are kept with a task as evidence: all that the default budgets allow. */
const evidenceMax = 10;

/** The table of leases; see {@linkcode createLeaseTable}. */
export interface LeaseTable {
  /** How many tasks have not ended, and how many of these are settled. */
  readonly counts: { readonly open: number; readonly settled: number; readonly live: number };
  /** Takes in a new task. */
  readonly add: (task: number, payload: Uint8Array, options?: NewLease) => Lease;
  readonly get: (task: number) => Lease | undefined;
  /** Leases an open task to a node: a new attempt. */
  readonly grant: (lease: Lease, node: NodeId, nowMs: number) => Attempt;
  /** The attempt of that number at that task, if that node may still bring its result. */
  readonly find: (node: NodeId, task: number, attempt: number) => Attempt | undefined;
  /** Takes an attempt out: it brings nothing any more. */
  readonly drop: (attempt: Attempt) => void;
  /** A node came back with an attempt: live again, or taken over from an earlier life of the server. */
  readonly adopt: (lease: Lease, node: NodeId, attempt: number, nowMs: number) => Attempt;
  /** A node is gone, lost if `loss` says how: what it held is orphaned, or forgotten if it was made for that node. */
  readonly orphan: (node: NodeId, loss?: Ending) => Released[];
  /** An attempt failed: counts it, unless the node just handed it back. */
  readonly failed: (attempt: Attempt, ending: Ending) => Verdict;
  /** The task has its result. */
  readonly settle: (lease: Lease, resultBytes: number) => void;
  /** The result could not be used after all. */
  readonly reopen: (lease: Lease, ending: Ending) => Verdict;
  /** The task has ended; forgets all about it. */
  readonly remove: (lease: Lease) => void;
  /** Tasks made for a node that have a result which is not safe yet. */
  readonly unstoredOf: (node: NodeId) => Lease[];
  /** The live attempts that a node holds, oldest first. */
  readonly heldBy: (node: NodeId) => readonly Attempt[];
  /** All live attempts. */
  readonly live: () => IterableIterator<Attempt>;
}

/** Options of {@linkcode LeaseTable.add}. */
export interface NewLease {
  /** @default none */
  readonly needs?: TaskNeeds;
  /** @default "" */
  readonly hash?: string;
  /** @default none */
  readonly pinnedTo?: NodeId;
  /** @default 1 */
  readonly replicas?: number;
}

/** A task whose node is gone, and what becomes of it. */
export interface Released {
  readonly lease: Lease;
  readonly verdict: Verdict;
}

const noNeeds: TaskNeeds = Object.freeze({});
/** Most tasks never need lists of their own: this one stands for theirs, so that a waiting task takes little memory. */
const none: readonly never[] = Object.freeze([]);

function newLease(task: number, payload: Uint8Array, options: NewLease): Lease {
  return {
    task,
    payload,
    needs: options.needs ?? noNeeds,
    hash: options.hash ?? "",
    pinnedTo: options.pinnedTo,
    state: "open",
    isQueued: false,
    attempts: none,
    lastAttempt: 0,
    replicas: options.replicas ?? 1,
    votes: none,
    errors: 0,
    losses: 0,
    isRetry: false,
    triedBy: none,
    evidence: none,
    resultBytes: 0,
    isStored: false,
  };
}

/** How many more attempts a task should have now. */
export const wanting = (lease: Lease): number =>
  lease.replicas - lease.votes.length - lease.attempts.filter(({ state }) => state === "live").length;

function verdictOf(lease: Lease, limits: RetryLimits): Verdict {
  if (lease.errors >= limits.maxAttempts || lease.losses > limits.maxNodeLosses) return "failed";
  return lease.isQueued || wanting(lease) <= 0 ? "under way" : "retry";
}

/** An attempt that counts against a budget has ended. */
function ended(lease: Lease, attempt: number, ending: Ending, limits: RetryLimits): Verdict {
  lease.evidence = [...lease.evidence, { attempt, ...ending }].slice(-evidenceMax);
  const verdict = verdictOf(lease, limits);
  if (verdict === "retry") lease.isRetry = true;
  return verdict;
}

interface AttemptList {
  first: Attempt | undefined;
  last: Attempt | undefined;
}

interface Books {
  readonly limits: RetryLimits;
  readonly leases: Map<number, Lease>;
  readonly index: ReturnType<typeof createAttemptIndex>;
  readonly counts: { open: number; settled: number; live: number };
}

function find({ leases }: Books, node: NodeId, task: number, number: number): Attempt | undefined {
  const lease = leases.get(task);
  if (lease?.state !== "open") return undefined;
  return lease.attempts.find((attempt) => attempt.number === number && attempt.node === node);
}

function enter({ index, counts }: Books, lease: Lease, node: NodeId, number: number, sinceMs: number): Attempt {
  const attempt: Attempt = {
    lease,
    number,
    node,
    sinceMs,
    state: "live",
    isConfirmed: false,
    isRecalled: false,
    isLoss: false,
    fraction: 0,
    before: undefined,
    after: undefined,
  };
  lease.attempts = lease.attempts.length === 0 ? [attempt] : [...lease.attempts, attempt];
  index.add(attempt);
  counts.live++;
  return attempt;
}

function drop({ index, counts }: Books, attempt: Attempt): void {
  if (attempt.state === "live" && attempt.lease.attempts.includes(attempt)) {
    index.remove(attempt);
    counts.live--;
  }
  const { lease } = attempt;
  lease.attempts = lease.attempts.length === 1 && lease.attempts[0] === attempt
    ? none
    : lease.attempts.filter((other) => other !== attempt);
}

function adopt(books: Books, lease: Lease, node: NodeId, number: number, nowMs: number): Attempt {
  const known = find(books, node, lease.task, number);
  if (known?.state === "live") return known;
  if (known) {
    drop(books, known);
    if (known.isLoss) forgive(lease, number);
  }
  lease.lastAttempt = Math.max(lease.lastAttempt, number);
  const adopted = enter(books, lease, node, number, nowMs);
  adopted.isConfirmed = true;
  if (wanting(lease) <= 0) lease.isRetry = false;
  return adopted;
}

/** A loss has turned out to be none. */
function forgive(lease: Lease, attempt: number): void {
  lease.losses--;
  lease.evidence = lease.evidence.filter((one) => one.attempt !== attempt || one.failure.kind !== "node-lost");
}

function orphan(books: Books, attempt: Attempt, loss: Ending | undefined): Released {
  const { lease } = attempt;
  if (lease.pinnedTo !== undefined) {
    remove(books, lease);
    return { lease, verdict: "forgotten" };
  }
  books.index.remove(attempt);
  books.counts.live--;
  attempt.state = "orphaned";
  if (!loss) return { lease, verdict: verdictOf(lease, books.limits) };
  attempt.isLoss = true;
  lease.losses++;
  return { lease, verdict: ended(lease, attempt.number, loss, books.limits) };
}

function failed(books: Books, attempt: Attempt, ending: Ending): Verdict {
  const { lease } = attempt;
  drop(books, attempt);
  if (ending.failure.kind === "handed-back") return verdictOf(lease, books.limits);
  lease.errors++;
  lease.triedBy = [...lease.triedBy, attempt.node];
  return ended(lease, attempt.number, ending, books.limits);
}

function settle(books: Books, lease: Lease, resultBytes: number): void {
  for (const attempt of lease.attempts) drop(books, attempt);
  lease.state = "settled";
  lease.isStored = false;
  lease.resultBytes = resultBytes;
  books.counts.open--;
  books.counts.settled++;
}

function reopen(books: Books, lease: Lease, ending: Ending): Verdict {
  lease.state = "open";
  lease.votes = none;
  lease.errors++;
  books.counts.settled--;
  books.counts.open++;
  return ended(lease, lease.lastAttempt, ending, books.limits);
}

function remove(books: Books, lease: Lease): void {
  if (!books.leases.delete(lease.task)) return;
  for (const attempt of lease.attempts) drop(books, attempt);
  if (lease.state !== "ended") books.counts[lease.state]--;
  lease.state = "ended";
}

/**
 * Makes an empty table.
 *
 * @example
 * ```ts
 * const table = createLeaseTable({ maxAttempts: 3, maxNodeLosses: 5 });
 * const lease = table.add(0, new Uint8Array());
 * const attempt = table.grant(lease, "node-a", 0);
 * table.find("node-a", 0, 1) === attempt; // true
 * table.find("node-a", 0, 2); // undefined: no such attempt
 * ```
 */
export function createLeaseTable(limits: RetryLimits): LeaseTable {
  const index = createAttemptIndex();
  const books: Books = { limits, leases: new Map(), index, counts: { open: 0, settled: 0, live: 0 } };
  return {
    counts: books.counts,
    get: (task) => books.leases.get(task),
    unstoredOf: (node) =>
      [...books.leases.values()].filter(({ state, pinnedTo, isStored }) =>
        state === "settled" && pinnedTo === node && !isStored
      ),
    heldBy: index.of,
    live: index.all,
    find: (node, task, attempt) => find(books, node, task, attempt),
    drop: (attempt) => drop(books, attempt),
    remove: (lease) => remove(books, lease),
    grant: (lease, node, nowMs) => enter(books, lease, node, ++lease.lastAttempt, nowMs),
    adopt: (lease, node, number, nowMs) => adopt(books, lease, node, number, nowMs),
    orphan: (node, loss) => index.of(node).map((attempt) => orphan(books, attempt, loss)),
    failed: (attempt, ending) => failed(books, attempt, ending),
    settle: (lease, resultBytes) => settle(books, lease, resultBytes),
    reopen: (lease, ending) => reopen(books, lease, ending),
    add: (task, payload, options = {}) => {
      const lease = newLease(task, payload, options);
      books.leases.set(task, lease);
      books.counts.open++;
      return lease;
    },
  };
}

/** Live attempts by node, oldest first, in lists that are linked through the attempts: cheaper than a set of each. */
function createAttemptIndex() {
  const byNode = new Map<NodeId, AttemptList>();
  function* walk(list: AttemptList | undefined): IterableIterator<Attempt> {
    let next: Attempt | undefined;
    for (let at = list?.first; at; at = next) {
      next = at.after;
      yield at;
    }
  }
  return {
    add: (attempt: Attempt): void => {
      let list = byNode.get(attempt.node);
      if (!list) byNode.set(attempt.node, list = { first: undefined, last: undefined });
      attempt.before = list.last;
      if (list.last) list.last.after = attempt;
      else list.first = attempt;
      list.last = attempt;
    },
    /** Takes out an attempt that is in. */
    remove: (attempt: Attempt): void => {
      const list = byNode.get(attempt.node)!;
      const { before, after } = attempt;
      if (before) before.after = after;
      else list.first = after;
      if (after) after.before = before;
      else list.last = before;
      attempt.before = attempt.after = undefined;
      if (!list.first) byNode.delete(attempt.node);
    },
    of: (node: NodeId): readonly Attempt[] => [...walk(byNode.get(node))],
    *all(): IterableIterator<Attempt> {
      for (const list of byNode.values()) yield* walk(list);
    },
  };
}
