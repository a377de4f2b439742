/**
 * What each node could take on. Pure data.
 *
 * @module
 */
import type { Ref } from "../actors/types.ts";
import type { NodeId } from "../actors/remote/protocol.ts";
import { narrowed, updateMean, windowOf } from "./credit.ts";
import { createHealth, type Health } from "./health.ts";
import type { SessionMessage } from "./messages.ts";

/** A node that has introduced itself. */
export interface NewNode {
  readonly node: NodeId;
  readonly name: string;
  readonly slots: number;
  readonly labels: Readonly<Record<string, string>>;
  /** When it will end, in milliseconds of the server's clock; `Infinity` if it does not say. */
  readonly endsAtMs: number;
  readonly session: Ref<SessionMessage>;
}

/** A node as the Scheduler sees it. */
export interface Capacity extends NewNode {
  /** How many live attempts are with it. */
  outstanding: number;
  /** How many bytes of data their tasks have. */
  bytes: number;
  /** How many tasks the Job was asked for on its behalf. */
  requested: number;
  /** How long its tasks took lately, in milliseconds. */
  meanMs: number | undefined;
  /** The most attempts that may be with it. */
  window: number;
  /** Whether it takes nothing more, for it leaves. */
  isDraining: boolean;
  /** Whether it has come back and not said yet what it holds: what it has must not be given to it again. */
  isComingBack: boolean;
  readonly health: Health;
}

/** Every node that takes tasks; see {@linkcode createCapacities}. */
export interface Capacities {
  readonly add: (node: NewNode, isComingBack: boolean) => Capacity;
  readonly get: (node: NodeId) => Capacity | undefined;
  readonly remove: (node: NodeId) => Capacity | undefined;
  readonly all: () => IterableIterator<Capacity>;
  /** Nodes with room for at least one more task, whether or not the Job was asked for it. */
  readonly open: ReadonlySet<Capacity>;
  /** Nodes with room for more than the Job was asked for. */
  readonly hungry: ReadonlySet<Capacity>;
  /** Nodes with more tasks than slots. */
  readonly crowded: ReadonlySet<Capacity>;
  /** How many nodes there are. */
  readonly count: () => number;
  /** How many slots they have. */
  readonly slots: () => number;
  /** One attempt more is with a node, or one less, at a task with so many bytes of data. */
  readonly shift: (capacity: Capacity, by: 1 | -1, bytes: number) => void;
  /** Changes by `count` for how many tasks the Job was asked. */
  readonly requested: (capacity: Capacity, count: number) => void;
  /** Looks again whether a node has room: its health or its window has changed. */
  readonly refresh: (capacity: Capacity) => void;
  /** Takes the mean duration of a batch of its tasks into account, in milliseconds. */
  readonly timed: (capacity: Capacity, batchMeanMs: number) => void;
}

/** The most attempts that may be with a node now. */
export function limitOf({ window, slots, bytes, isDraining, isComingBack, health }: Capacity): number {
  return isDraining || isComingBack ? 0 : Math.min(narrowed(window, slots, bytes), health.limit());
}

/** How many more tasks may go to a node, up to `limit` with it. */
export const room = (capacity: Capacity, limit: number): number =>
  Math.min(limit, limitOf(capacity)) - capacity.outstanding;

/** How many more tasks the Job may be asked for on a node's behalf, for up to `limit` with it. */
export const appetite = (capacity: Capacity, limit: number): number => room(capacity, limit) - capacity.requested;

/** Slots of a node for which there is no task, and none was asked for. */
export const freeSlots = (capacity: Capacity): number => Math.max(0, appetite(capacity, capacity.slots));

/** Makes an empty table. */
export function createCapacities(): Capacities {
  const nodes = new Map<NodeId, Capacity>();
  const open = new Set<Capacity>();
  const hungry = new Set<Capacity>();
  const crowded = new Set<Capacity>();
  let slots = 0;

  const refresh = (capacity: Capacity) => {
    if (nodes.get(capacity.node) !== capacity) return;
    if (room(capacity, capacity.window) > 0) open.add(capacity);
    else open.delete(capacity);
    if (appetite(capacity, capacity.window) > 0) hungry.add(capacity);
    else hungry.delete(capacity);
    if (capacity.outstanding > capacity.slots) crowded.add(capacity);
    else crowded.delete(capacity);
  };
  return {
    open,
    hungry,
    crowded,
    refresh,
    get: (node) => nodes.get(node),
    all: () => nodes.values(),
    count: () => nodes.size,
    slots: () => slots,
    add: (node, isComingBack) => {
      const window = windowOf(node.slots, undefined);
      const books = {
        outstanding: 0,
        bytes: 0,
        requested: 0,
        meanMs: undefined,
        isDraining: false,
        isComingBack,
      };
      const capacity: Capacity = { ...node, ...books, window, health: createHealth() };
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
      hungry.delete(capacity);
      crowded.delete(capacity);
      slots -= capacity.slots;
      return capacity;
    },
    shift: (capacity, by, bytes) => {
      capacity.outstanding += by;
      capacity.bytes += by * bytes;
      refresh(capacity);
    },
    requested: (capacity, count) => {
      capacity.requested += count;
      refresh(capacity);
    },
    timed: (capacity, batchMeanMs) => {
      capacity.meanMs = updateMean(capacity.meanMs, batchMeanMs);
      capacity.window = windowOf(capacity.slots, capacity.meanMs);
      refresh(capacity);
    },
  };
}
