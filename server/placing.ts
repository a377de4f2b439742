/**
 * Brings together tasks that wait and nodes that have room.
 *
 * @module
 */
import type { NodeId } from "../actors/remote/protocol.ts";
import { meets } from "../job/requirements.ts";
import { appetite, type Capacity, freeSlots, limitOf, room } from "./capacity.ts";
import { type Lease, wanting } from "./lease_table.ts";
import type { SchedulerMessage } from "./messages.ts";
import type { Offer } from "./ready_queue.ts";
import { recallsFor } from "./recall.ts";
import { failedBefore, settleEarly } from "./outcomes.ts";
import { changed, dismiss, finish, hasNothing, nobody, type State } from "./scheduler_state.ts";
import { stragglers } from "./stragglers.ts";

/** Results that may be with the job before no further tasks are granted: how slow collecting holds nodes back. */
const settledMax = 10_000;
/** The bytes of these. */
const settledBytesMax = 64 * 1024 * 1024;
/** So many failed tasks may wait for a node on which they have not failed yet. */
const waitingMax = 1_000;
/**
 * How many tasks are made ahead where tasks have needs, to find those of high priority and for every node its own; and
 * how many may wait for nodes that have no copy of them yet.
 */
const aheadMax = 1_000;

/** Recalling looks at all nodes: of so many at most in a millisecond, for else a large cluster would do little else. */
const recallNodesPerMs = 1_000;

/** Places what can be placed, asks the Job for more, and sends what was granted and what is safe. */
export function pump(state: State): void {
  if (!state.isHalted && !state.isPaused && !state.isDraining) {
    placeReady(state);
    request(state);
    recall(state);
  }
  for (const [capacity, tasks] of state.outbox) capacity.session.tell({ type: "grant", tasks });
  state.outbox.clear();
  for (const [node, attempts] of state.acks) state.capacities.get(node)?.session.tell({ type: "ack", attempts });
  state.acks.clear();
  if (state.isDraining && state.leases.counts.live + state.leases.counts.settled === 0) {
    finish(state, "stopped", "drained by request");
  }
}

const offerOf = ({ node, labels, endsAtMs }: Capacity, nowMs: number): Offer => ({
  ...{ node, labels },
  remainingMs: endsAtMs - nowMs,
});

/**
 * Slots that are free come before what is to wait behind busy ones, and a task that waits before those that the Job was
 * asked for: it may be what the Job waits for. A task goes back to a node that it failed on only if there is no other,
 * or nothing else to do.
 */
function placeReady(state: State): void {
  const { ready, capacities } = state;
  const isLastResort = hasNothing(state) || capacities.count() === 1 || ready.size() > waitingMax;
  for (const isChoosy of isLastResort ? [true, false] : [true]) {
    for (const isPrefetch of [false, true]) {
      if (ready.size() === 0) return;
      for (const capacity of [...capacities.open]) {
        const offer = offerOf(capacity, state.now());
        while (room(capacity, isPrefetch ? capacity.window : capacity.slots) > 0) {
          const lease = ready.take(offer, isChoosy);
          if (!lease) break;
          grant(state, lease, capacity);
        }
      }
    }
  }
}

/** Leases a task to a node, for the frame that leaves at the end of the turn. */
export function grant(state: State, lease: Lease, capacity: Capacity): void {
  const { number } = state.leases.grant(lease, capacity.node, state.turnMs);
  state.capacities.shift(capacity, 1, lease.payload.length);
  if (lease.isRetry) state.counts.retried++;
  lease.isRetry = false;
  const { task, payload, needs } = lease;
  const entry = { task, attempt: number, payload, timeoutMs: needs.timeoutMs || state.timeoutMs };
  const tasks = state.outbox.get(capacity);
  if (tasks) tasks.push(entry);
  else state.outbox.set(capacity, [entry]);
  if (lease.replicas > 1 && wanting(lease) > 0) state.ready.push(lease);
}

/** Asks the Job for tasks: first for slots that are free, then for what is to wait behind busy ones. */
function request(state: State): void {
  const { capacities, leases, awaited } = state;
  // The source of tasks is one for all nodes: who asks now, waits behind who asked before.
  if (awaited.size > 0 && !state.isPinned) return;
  if (leases.counts.settled >= settledMax || state.settledBytes >= settledBytesMax) return;
  // Tasks may wait for nodes that have not computed them yet, and there may be none.
  if (state.replicas > 1 && state.ready.size() >= aheadMax) return;
  if (!state.isPinned && (state.hasNeeds || capacities.count() === 0)) return requestAhead(state);
  for (const isPrefetch of [false, true]) {
    for (const capacity of capacities.hungry) {
      if (state.isQuiet || (state.isProbing && capacity.requested > 0)) return;
      if (state.quiet.has(capacity.node) || awaited.has(capacity.node)) continue;
      const count = appetite(capacity, isPrefetch ? capacity.window : capacity.slots);
      if (count <= 0) continue;
      capacities.requested(capacity, count);
      state.peers.deliver("job", { type: "need", node: capacity.node, count, session: capacity.session });
      if (state.isProbing) return;
    }
  }
}

/**
 * Asks on behalf of nobody: where tasks have needs, and when the last node has gone with the last task done, for then
 * the job may be complete.
 */
function requestAhead(state: State): void {
  const { open, settled } = state.leases.counts;
  const isNeeded = state.capacities.count() > 0 ? state.ready.size() < aheadMax : open + settled === 0;
  if (state.isQuiet || state.isAsking || !isNeeded) return;
  state.isAsking = true;
  const count = state.capacities.count() > 0 ? aheadMax - state.ready.size() : 1;
  state.peers.deliver("job", { type: "need", node: nobody, count });
}

/** Where slots are idle and no task is left to hand out, takes back tasks that wait behind others. */
function recall(state: State): void {
  if (!hasNothing(state) || state.isPinned || state.ready.size() > 0) return;
  if (state.now() - state.recalledMs < Math.floor(state.capacities.count() / recallNodesPerMs)) return;
  state.recalledMs = state.now();
  for (const [capacity, chosen] of recallsFor(state.capacities, state.leases)) {
    for (const attempt of chosen) attempt.isRecalled = true;
    const attempts = chosen.map(({ lease, number }) => ({ task: lease.task, attempt: number }));
    capacity.session.tell({ type: "cancel", attempts, isRecall: true });
  }
}

/** Where slots are idle and no task is left at all, computes stragglers a second time; the first result counts. */
export function speculate(state: State): void {
  if (!state.speculate || !hasNothing(state) || state.ready.size() > 0 || state.isPaused || state.isDraining) return;
  const idle = [...state.capacities.open].filter((capacity) => freeSlots(capacity) > 0);
  const tooLongMs = idle.length > 0 ? state.durations.tooLongMs() : undefined;
  if (tooLongMs === undefined) return;
  for (const { lease, node } of stragglers(state.leases.live(), tooLongMs, state.now())) {
    const { requires } = lease.needs;
    const helper = idle.find((capacity) =>
      capacity.node !== node && freeSlots(capacity) > 0 && (!requires || meets(capacity.labels, requires))
    );
    if (!helper) continue;
    state.counts.speculated++;
    grant(state, lease, helper);
  }
}

type OfferMessage = Extract<SchedulerMessage, { type: "offer" }>;

/** The Job's answer to a request. */
export function takeOffer(state: State, offer: OfferMessage): void {
  const { capacities } = state;
  const known = capacities.get(offer.node);
  // The node may have been lost and be back: then the books have heard of it, or are about to, after this.
  const capacity = offer.session === undefined || known?.session === offer.session ? known : undefined;
  if (capacity) capacities.requested(capacity, -Math.min(offer.requested, capacity.requested));
  if (offer.node === nobody) state.isAsking = false;
  state.total = offer.total;
  state.frontier = Math.max(state.frontier, offer.frontier);
  countReplayed(state, offer.replayed);
  for (const failure of offer.failures) failedBefore(state, failure);
  if (offer.tasks.length > 0) state.isProbing = false;
  for (const task of offer.tasks) takeTask(state, offer.node, capacity, task);
  forgetEarly(state);
  noteWait(state, offer);
  if (offer.status === "finished") return finish(state, "complete");
  if (offer.status !== "waiting") return;
  if (!state.isPinned) state.isQuiet = true;
  else if (capacity) state.quiet.add(offer.node);
}

/** Notes whether the Job waits for its books. Many of its answers may: what counts is for how long it has no task. */
function noteWait(state: State, { node, requested, status, tasks }: OfferMessage): void {
  const { awaited } = state;
  const isNew = awaited.size === 0 || tasks.length > 0;
  const answers = (awaited.get(node) ?? 0) + (status === "later" ? 1 : requested === 0 ? -1 : 0);
  if (answers > 0) awaited.set(node, answers);
  else awaited.delete(node);
  if (awaited.size === 0) state.awaitedSinceMs = Infinity;
  else if (isNew) state.awaitedSinceMs = state.now();
}

/** Results that an earlier life of the server has stored count as collected. */
function countReplayed(state: State, replayed: number): void {
  if (replayed === 0) return;
  state.counts.collected += replayed;
  state.counts.resumed += replayed;
  changed(state);
}

type Offered = OfferMessage["tasks"][number];

function takeTask(state: State, node: NodeId, capacity: Capacity | undefined, offered: Offered): void {
  const { task, payload, needs, hash } = offered;
  // The node may have gone while the Job made these: then it has been told, and makes pinned ones anew.
  if (state.isPinned && !capacity) return;
  if (needs) state.hasNeeds = true;
  const { replicas } = state;
  const pinnedTo = state.isPinned ? node : undefined;
  const lease = state.leases.add(task, payload, { needs, hash, replicas, pinnedTo });
  if (state.early.has(task)) return settleEarly(state, lease);
  const isSimple = capacity && !needs && replicas === 1 && capacity.outstanding < limitOf(capacity);
  if (isSimple && !state.isHalted && !state.isPaused && !state.isDraining) grant(state, lease, capacity);
  else state.ready.push(lease);
}

/** What nodes held of tasks that turn out to be stored already is superfluous. */
function forgetEarly(state: State): void {
  for (const [task, { node, attempt }] of state.early.takeBelow(state.frontier)) {
    state.counts.dropped++;
    dismiss(state, node, [{ task, attempt }]);
  }
}
