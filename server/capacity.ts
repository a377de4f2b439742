/**
 * What each node could take on. Pure data.
 *
 * @module
 */
import type { Ref } from "../actors/types.ts";
import type { NodeId } from "../actors/remote/protocol.ts";
import { updateMean, windowOf } from "./credit.ts";
import type { SessionMessage } from "./messages.ts";

/** A node as the Scheduler sees it. */
export interface Capacity {
  readonly node: NodeId;
  readonly name: string;
  readonly slots: number;
  readonly session: Ref<SessionMessage>;
  /** How many tasks are with it. */
  outstanding: number;
  /** How many the Job was asked for on its behalf. */
  requested: number;
  /** How long its tasks took lately, in milliseconds. */
  meanMs: number | undefined;
  /** The most tasks that may be with it. */
  window: number;
  /** Whether it takes nothing more. */
  isDraining: boolean;
}

/** Every node that takes tasks; see {@linkcode createCapacities}. */
export interface Capacities {
  readonly add: (node: Pick<Capacity, "node" | "name" | "slots" | "session">) => Capacity;
  readonly get: (node: NodeId) => Capacity | undefined;
  readonly remove: (node: NodeId) => Capacity | undefined;
  readonly all: () => IterableIterator<Capacity>;
  /** Nodes with room for at least one more task. */
  readonly open: ReadonlySet<Capacity>;
  /** How many nodes there are. */
  readonly count: () => number;
  /** How many slots they have. */
  readonly slots: () => number;
  /** Changes what is with a node, and what was asked for it, by these numbers. */
  readonly shift: (capacity: Capacity, outstanding: number, requested: number) => void;
  /** The node takes nothing more. */
  readonly drain: (capacity: Capacity) => void;
  /** Takes the mean duration of a batch of its tasks into account, in milliseconds. */
  readonly timed: (capacity: Capacity, batchMeanMs: number) => void;
  /** The open node that suits a task best: one with a free slot before others, and not `avoid` if another is there. */
  readonly pick: (avoid: NodeId | undefined) => Capacity | undefined;
}

/** How many more tasks may go to a node, up to `limit` with it. */
export const room = (capacity: Capacity, limit: number): number => limit - capacity.outstanding - capacity.requested;

/** Makes an empty table. */
export function createCapacities(): Capacities {
  const nodes = new Map<NodeId, Capacity>();
  const open = new Set<Capacity>();
  let slots = 0;

  const refresh = (capacity: Capacity) => {
    if (!capacity.isDraining && room(capacity, capacity.window) > 0) open.add(capacity);
    else open.delete(capacity);
  };
  return {
    open,
    get: (node) => nodes.get(node),
    all: () => nodes.values(),
    count: () => nodes.size,
    slots: () => slots,
    add: (node) => {
      const window = windowOf(node.slots, undefined);
      const capacity: Capacity = {
        ...node,
        outstanding: 0,
        requested: 0,
        meanMs: undefined,
        window,
        isDraining: false,
      };
      nodes.set(node.node, capacity);
      slots += node.slots;
      refresh(capacity);
      return capacity;
    },
    remove: (node) => {
      const capacity = nodes.get(node);
      if (!capacity) return undefined;
      nodes.delete(node);
      open.delete(capacity);
      slots -= capacity.slots;
      return capacity;
    },
    shift: (capacity, outstanding, requested) => {
      capacity.outstanding += outstanding;
      capacity.requested += requested;
      if (nodes.get(capacity.node) === capacity) refresh(capacity);
    },
    drain: (capacity) => {
      capacity.isDraining = true;
      refresh(capacity);
    },
    timed: (capacity, batchMeanMs) => {
      capacity.meanMs = updateMean(capacity.meanMs, batchMeanMs);
      capacity.window = windowOf(capacity.slots, capacity.meanMs);
      refresh(capacity);
    },
    pick: (avoid) => {
      let best: Capacity | undefined;
      for (const capacity of open) {
        const isAvoided = capacity.node === avoid;
        if (!isAvoided && capacity.outstanding < capacity.slots) return capacity;
        if (!best || (best.node === avoid && !isAvoided)) best = capacity;
      }
      return best;
    },
  };
}
