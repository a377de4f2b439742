/**
 * Which attempt at which task is where: the books behind every guarantee about tasks. Pure data; no time, no messages.
 *
 * @module
 */
import type { NodeId, TaskFailure } from "../actors/remote/protocol.ts";

/** A task that has not ended: waiting for a node, leased to one, or being collected. */
export interface Lease {
  /** The task's number. */
  readonly task: number;
  /** Its data, encoded; kept for further attempts. */
  readonly payload: Uint8Array;
  /** The only node that may compute it, for jobs that keep their own books. */
  readonly pinnedTo: NodeId | undefined;
  /** `ready`: waits for a node. `granted`: with a node. `collecting`: its result is with the job. */
  state: "ready" | "granted" | "collecting";
  /** The number of the latest attempt; 0 before the first. */
  attempt: number;
  /** Where the latest attempt went. */
  node: NodeId | undefined;
  /** How many attempts failed by the task's own error. */
  errors: number;
  /** How many nodes were lost under it. */
  losses: number;
  /** Whether the node was asked to hand this attempt back, should it not have begun. */
  recalled: boolean;
  /** How far the attempt says it is, between 0 and 1. */
  fraction: number;
  /** The size of its result while that is with the job, in bytes. */
  resultBytes: number;
  /** The latest failure, as evidence. */
  failure: TaskFailure | undefined;
}

/** How many failures of each kind a task survives. Budgets are separate: a lost node is not the task's fault. */
export interface RetryLimits {
  /** Attempts that may end by the task's own error; the last of them is final. */
  readonly maxAttempts: number;
  /** Lost nodes that are tolerated; one more is final. */
  readonly maxNodeLosses: number;
}

/** What becomes of a task after a failed attempt. */
export type Verdict = "retry" | "failed";

/** A task whose node is gone, and what becomes of it. */
export interface Released {
  readonly lease: Lease;
  readonly verdict: Verdict | "forgotten";
}

/** The table of leases; see {@linkcode createLeaseTable}. */
export interface LeaseTable {
  /** How many tasks are in each state. */
  readonly counts: Readonly<Record<Lease["state"], number>>;
  /** Takes in a new task, ready. */
  readonly add: (task: number, payload: Uint8Array, pinnedTo?: NodeId) => Lease;
  readonly get: (task: number) => Lease | undefined;
  /** Leases a ready task to a node, as a new attempt. */
  readonly grant: (lease: Lease, node: NodeId) => void;
  /** The lease, if it is with that node in that attempt; `undefined` for what is late, repeated or never was. */
  readonly held: (node: NodeId, task: number, attempt: number) => Lease | undefined;
  /** Its result has arrived and goes to the job. */
  readonly collecting: (lease: Lease) => void;
  /** An attempt failed: counts it and makes the task ready again, or says that it has failed for good. */
  readonly failed: (lease: Lease, failure: TaskFailure) => Verdict;
  /** A node is gone: what it held, each ready again or beyond its limit; a pinned task is `forgotten` instead. */
  readonly release: (node: NodeId, isLoss: boolean) => Released[];
  /** The task has ended; forgets all about it. */
  readonly remove: (lease: Lease) => void;
  /** The attempts that a node holds. */
  readonly heldBy: (node: NodeId) => readonly Lease[];
}

function newLease(task: number, payload: Uint8Array, pinnedTo: NodeId | undefined): Lease {
  return {
    task,
    payload,
    pinnedTo,
    state: "ready",
    attempt: 0,
    node: undefined,
    errors: 0,
    losses: 0,
    recalled: false,
    fraction: 0,
    resultBytes: 0,
    failure: undefined,
  };
}

/** Which leases each node holds; a node that holds none leaves no trace. */
function createHoldings() {
  const byNode = new Map<NodeId, Set<Lease>>();
  return {
    of: (node: NodeId): Lease[] => [...byNode.get(node) ?? []],
    add: (node: NodeId, lease: Lease): void => {
      const held = byNode.get(node);
      if (held) held.add(lease);
      else byNode.set(node, new Set([lease]));
    },
    remove: (lease: Lease): void => {
      const held = byNode.get(lease.node!);
      held?.delete(lease);
      if (held?.size === 0) byNode.delete(lease.node!);
    },
    forget: (node: NodeId): void => void byNode.delete(node),
  };
}

/**
 * Makes an empty table.
 *
 * @example
 * ```ts
 * const table = createLeaseTable({ maxAttempts: 3, maxNodeLosses: 5 });
 * const lease = table.add(0, new Uint8Array());
 * table.grant(lease, "node-a");
 * table.held("node-a", 0, 1) === lease; // true
 * table.held("node-a", 0, 2); // undefined: no such attempt
 * ```
 */
export function createLeaseTable(limits: RetryLimits): LeaseTable {
  const leases = new Map<number, Lease>();
  const holdings = createHoldings();
  const counts = { ready: 0, granted: 0, collecting: 0 };

  const move = (lease: Lease, state: Lease["state"]) => {
    counts[lease.state]--;
    counts[state]++;
    lease.state = state;
  };
  const remove = (lease: Lease) => {
    if (!leases.delete(lease.task)) return;
    if (lease.state === "granted") holdings.remove(lease);
    counts[lease.state]--;
  };

  return {
    counts,
    add: (task, payload, pinnedTo) => {
      const lease = newLease(task, payload, pinnedTo);
      leases.set(task, lease);
      counts.ready++;
      return lease;
    },
    get: (task) => leases.get(task),
    grant: (lease, node) => {
      move(lease, "granted");
      lease.attempt++;
      lease.node = node;
      lease.recalled = false;
      lease.fraction = 0;
      holdings.add(node, lease);
    },
    held: (node, task, attempt) => {
      const lease = leases.get(task);
      const isHeld = lease?.state === "granted" && lease.node === node && lease.attempt === attempt;
      return isHeld ? lease : undefined;
    },
    collecting: (lease) => {
      holdings.remove(lease);
      move(lease, "collecting");
    },
    failed: (lease, failure) => {
      if (lease.state === "granted") holdings.remove(lease);
      move(lease, "ready");
      if (failure.kind === "handed-back") return "retry";
      lease.failure = failure;
      lease.errors++;
      return lease.errors < limits.maxAttempts ? "retry" : "failed";
    },
    release: (node, isLoss) => {
      const released = holdings.of(node);
      holdings.forget(node);
      return released.map((lease): Released => {
        move(lease, "ready");
        if (lease.pinnedTo !== undefined) {
          remove(lease);
          return { lease, verdict: "forgotten" };
        }
        if (isLoss) lease.losses++;
        return { lease, verdict: lease.losses <= limits.maxNodeLosses ? "retry" : "failed" };
      });
    },
    remove,
    heldBy: holdings.of,
  };
}
