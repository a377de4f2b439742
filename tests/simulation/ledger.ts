/**
 * What must be true of tasks and nodes by what was seen of them from outside: on the wire, in the journal, and in the
 * job's books.
 *
 * @module
 */
import type { NodeId } from "../../actors/remote/protocol.ts";
import { windowOf } from "../../server/credit.ts";

/** An attempt that the server has given to a node in this life, or that a node has said to have. */
export interface Given {
  readonly task: number;
  readonly node: NodeId;
  readonly attempt: number;
  readonly sinceMs: number;
  /**
   * `live`: the node should have it. `orphaned`: its connection is lost. `over`: it has ended, or was taken back.
   */
  state: "live" | "orphaned" | "over";
  /** Whether the server may have given it up for a reason that cannot be seen. */
  isDoubtful: boolean;
}

/** A good result that the server has read. */
export interface Received {
  readonly node: NodeId;
  readonly name: string;
  readonly attempt: number;
}

/** A task that has not ended. */
export interface OpenTask {
  readonly given: Given[];
  readonly received: Received[];
  /** How many attempts have failed by their own error: surely, and at most. */
  errors: number;
  errorsMax: number;
  /** How many nodes were lost under it, surely. */
  losses: number;
}

/** A node as the server sees it, over one connection. */
export interface NodeView {
  readonly id: NodeId;
  readonly name: string;
  readonly slots: number;
  /** What was given to it over this connection and has not come back. */
  readonly outstanding: Map<number, Given>;
  /** What it has said to have beside that. */
  readonly inherited: Map<number, Given>;
  /** The shortest time in which it has computed a task, in milliseconds. */
  shortestMs: number | undefined;
  /** When it said that it leaves, or was told to. */
  leavingMs: number | undefined;
}

/** What is counted anew in each life of the server. */
export interface LifeBooks {
  readonly open: Map<number, OpenTask>;
  /** By the number of the connection. */
  readonly nodes: Map<number, NodeView>;
  readonly collected: Set<number>;
  /** Tasks that have failed for good, and whether the disk has that already. */
  readonly failed: Set<number>;
  /** Tasks that were made for a node that is gone. */
  readonly forgotten: Set<number>;
  /** The shortest time in which each node has computed a task, in milliseconds, over all its connections. */
  readonly shortestMs: Map<NodeId, number>;
  /** How many tasks were made, and how many of these have ended. */
  made: number;
  ended: number;
  /** The sum of the most that each node could be given. */
  room: number;
}

/** The books of a simulation. */
export interface Ledger {
  /** What is on the disk: tasks with a result, and tasks that have failed for good. */
  readonly stored: Set<number>;
  readonly storedFailures: Set<number>;
  life: LifeBooks;
  /** What has ended at this moment; what was said just before may be heard just after. */
  readonly justEnded: { ms: number; tasks: Set<number> };
}

/** Makes empty books. */
export const createLedger = (): Ledger => ({
  stored: new Set(),
  storedFailures: new Set(),
  life: newLife(),
  justEnded: { ms: 0, tasks: new Set() },
});

/** The books of a new life of the server. */
export const newLife = (): LifeBooks => ({
  open: new Map(),
  nodes: new Map(),
  collected: new Set(),
  failed: new Set(),
  forgotten: new Set(),
  shortestMs: new Map(),
  made: 0,
  ended: 0,
  room: 0,
});

/** Tells an attempt from all others. */
export const keyOf = (task: number, attempt: number): number => attempt * 2 ** 33 + task;

/** Whether nothing more is to be done about a task. */
export const hasEnded = ({ stored, life }: Ledger, task: number): boolean => stored.has(task) || life.failed.has(task);

/** Notes that nothing more is to be done about a task. */
export function end({ life, justEnded }: Ledger, task: number, nowMs: number): void {
  life.ended++;
  life.open.delete(task);
  if (justEnded.ms !== nowMs) justEnded.tasks.clear();
  justEnded.ms = nowMs;
  justEnded.tasks.add(task);
}

/** What is known of a task that has not ended. */
export function openTask({ life }: Ledger, task: number): OpenTask {
  let open = life.open.get(task);
  if (!open) {
    open = { given: [], received: [], errors: 0, errorsMax: 0, losses: 0 };
    life.open.set(task, open);
  }
  return open;
}

/** The most that may be with a node; the server may see that it must be less. */
export const windowMaxOf = ({ slots, shortestMs }: NodeView): number => windowOf(slots, shortestMs);

/** The attempt of that number that a node was given. */
export const givenTo = (open: OpenTask | undefined, node: NodeId, attempt: number): Given | undefined =>
  open?.given.find((one) => one.node === node && one.attempt === attempt);
