/**
 * What nodes have of tasks that the Job has not made yet: the server was started again, and its nodes are ahead of it.
 * Pure data, and bounded, for a node may say of any task that it has it.
 *
 * @module
 */
import type { NodeId, ResultEntry } from "../actors/remote/protocol.ts";

/** Of how many tasks one node may be ahead: far above what is ever granted to one. */
const earlyMax = 65_536;

/** What a node has of a task. */
export interface Early {
  readonly node: NodeId;
  readonly attempt: number;
  /** Absent while the node still computes. */
  readonly result?: ResultEntry;
}

/** See {@linkcode createEarlyTable}. */
export interface EarlyTable {
  /**
   * The last word on a task counts, but a result stays: its node sends it only once.
   *
   * @returns `false` if another node's result is there, or the node is ahead of too many tasks already.
   */
  readonly note: (task: number, early: Early) => boolean;
  readonly has: (task: number) => boolean;
  /** Takes one out. */
  readonly take: (task: number) => Early | undefined;
  /** Takes out those of tasks below `frontier`. */
  readonly takeBelow: (frontier: number) => [task: number, early: Early][];
}

/**
 * Makes an empty table.
 *
 * @param max Of how many tasks one node may be ahead. @default 65536
 */
export function createEarlyTable(max = earlyMax): EarlyTable {
  const table = new Map<number, Early>();
  const counts = new Map<NodeId, number>();
  const count = (node: NodeId, change: number) => {
    const sum = (counts.get(node) ?? 0) + change;
    if (sum > 0) counts.set(node, sum);
    else counts.delete(node);
  };
  const take = (task: number): Early | undefined => {
    const early = table.get(task);
    if (early && table.delete(task)) count(early.node, -1);
    return early;
  };
  return {
    take,
    has: (task) => table.has(task),
    note: (task, early) => {
      const known = table.get(task);
      const isMore = known?.node !== early.node;
      if (isMore && known?.result) return false;
      if (isMore && (counts.get(early.node) ?? 0) >= max) return false;
      take(task);
      table.set(task, early);
      count(early.node, 1);
      return true;
    },
    takeBelow: (frontier) => {
      if (table.size === 0) return [];
      const below = [...table].filter(([task]) => task < frontier);
      for (const [task] of below) take(task);
      return below;
    },
  };
}
