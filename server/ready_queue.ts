/**
 * Tasks that wait for a node: by priority, and by what they need of a node. Pure data.
 *
 * @module
 */
import type { NodeId } from "../actors/remote/protocol.ts";
import { meets, requirementKey } from "../job/requirements.ts";
import type { Lease } from "./lease_table.ts";

/** How far into a class a node looks for a task that suits it, before it leaves the class to others. */
const lookMax = 16;
/** So many taken places at the start of a class are worth giving back. */
const slackMax = 1_024;

/** What a node has to give. */
export interface Offer {
  readonly node: NodeId;
  readonly labels: Readonly<Record<string, string>>;
  /** How long the node will still be there, in milliseconds; `Infinity` if it does not say. */
  readonly remainingMs: number;
}

/** The queue; see {@linkcode createReadyQueue}. */
export interface ReadyQueue {
  /** How many tasks wait. */
  readonly size: () => number;
  /** Appends a task, unless it waits already. */
  readonly push: (lease: Lease) => void;
  /**
   * Takes the first task of the highest priority that suits a node.
   *
   * @param isChoosy Whether to pass over tasks that failed on this node: others are there for them.
   */
  readonly take: (offer: Offer, isChoosy: boolean) => Lease | undefined;
  /** Takes one task out, wherever it stands. */
  readonly remove: (lease: Lease) => void;
  /** Takes out the tasks that were made for a node. */
  readonly takePinned: (node: NodeId) => Lease[];
}

/** Tasks that differ in nothing that matters for who may have them. */
interface Class {
  readonly key: string;
  readonly priority: number;
  readonly requires: Readonly<Record<string, string>> | undefined;
  readonly pinnedTo: NodeId | undefined;
  leases: (Lease | undefined)[];
  /** Places before this one are empty. */
  head: number;
}

/** Copies of one task must not meet on one node, or they would prove nothing. */
const isWithNode = (lease: Lease, node: NodeId): boolean =>
  lease.votes.some((vote) => vote.node === node) ||
  lease.attempts.some((attempt) => attempt.node === node && attempt.state === "live");

function suits(lease: Lease, { node, remainingMs }: Offer, isChoosy: boolean): boolean {
  if ((lease.needs.expectedMs ?? 0) > remainingMs || isWithNode(lease, node)) return false;
  return !isChoosy || lease.pinnedTo !== undefined || !lease.triedBy.includes(node);
}

function takeFrom(group: Class, offer: Offer, isChoosy: boolean): Lease | undefined {
  const { leases } = group;
  while (group.head < leases.length && leases[group.head] === undefined) group.head++;
  let looked = 0;
  for (let at = group.head; at < leases.length && looked < lookMax; at++) {
    const lease = leases[at];
    if (!lease) continue;
    looked++;
    if (!suits(lease, offer, isChoosy)) continue;
    leases[at] = undefined;
    return lease;
  }
  return undefined;
}

function compact(group: Class): void {
  if (group.head < slackMax || group.head * 2 < group.leases.length) return;
  group.leases = group.leases.slice(group.head);
  group.head = 0;
}

const classKey = ({ needs: { priority = 0, requires }, pinnedTo = "" }: Lease): string =>
  `${priority} ${pinnedTo} ${requires ? requirementKey(requires) : ""}`;

/**
 * Makes an empty queue.
 *
 * @example
 * ```ts
 * const queue = createReadyQueue();
 * queue.push(lease);
 * queue.take({ node: "a", labels: { gpu: "1" }, remainingMs: Infinity }, false) === lease; // true
 * ```
 */
export function createReadyQueue(): ReadyQueue {
  /** Highest priority first. Empty ones are taken out. */
  let classes: Class[] = [];
  let size = 0;

  const classOf = (lease: Lease): Class => {
    const key = classKey(lease);
    const known = classes.find((group) => group.key === key);
    if (known) return known;
    const { needs: { priority = 0, requires }, pinnedTo } = lease;
    const group: Class = { key, priority, requires, pinnedTo, leases: [], head: 0 };
    classes.push(group);
    classes.sort((a, b) => b.priority - a.priority);
    return group;
  };
  const taken = (lease: Lease): Lease => {
    lease.isQueued = false;
    size--;
    return lease;
  };
  const tidy = (group: Class) => {
    if (group.leases.every((lease, at) => at < group.head || lease === undefined)) {
      classes = classes.filter((other) => other !== group);
    }
  };
  return {
    size: () => size,
    push: (lease) => {
      if (lease.isQueued) return;
      lease.isQueued = true;
      size++;
      classOf(lease).leases.push(lease);
    },
    take: (offer, isChoosy) => {
      for (const group of classes) {
        if (group.pinnedTo !== undefined && group.pinnedTo !== offer.node) continue;
        if (group.requires && !meets(offer.labels, group.requires)) continue;
        const lease = takeFrom(group, offer, isChoosy);
        if (!lease) continue;
        if (group.head >= group.leases.length - 1) tidy(group);
        else compact(group);
        return taken(lease);
      }
      return undefined;
    },
    remove: (lease) => {
      if (!lease.isQueued) return;
      const group = classOf(lease);
      const at = group.leases.indexOf(lease, group.head);
      group.leases[at] = undefined;
      taken(lease);
      tidy(group);
    },
    takePinned: (node) => {
      const mine = classes.filter((group) => group.pinnedTo === node);
      classes = classes.filter((group) => group.pinnedTo !== node);
      return mine.flatMap(({ leases }) => leases.filter((lease) => lease !== undefined)).map(taken);
    },
  };
}
