/**
 * The Scheduler actor: leases tasks to nodes, and takes back what they return.
 *
 * It asks the Job for tasks as nodes have room (credit), so that tasks are made when they are needed and no slot waits
 * for a round trip. Every grant is an attempt with a number; a result counts only from the node and the attempt that
 * hold the lease. What fails or is lost is granted anew, within budgets.
 *
 * @module
 */
import type { Behavior, Handler } from "../actors/types.ts";
import type { NodeId, ProgressMessage } from "../actors/remote/protocol.ts";
import type { Counts, SchedulerMessage } from "./messages.ts";
import { collected, compared, nodeGone, parole, reconcile, rejected, stored, takeResults, wake } from "./outcomes.ts";
import { pump, speculate, takeOffer } from "./placing.ts";
import { etaMs } from "./rate.ts";
import { changed, createState, type SchedulerOptions, setFraction, type State } from "./scheduler_state.ts";

/** How often the Scheduler says how far the job is, in milliseconds. */
const tickMs = 250;
/** How often a book that said `waiting` is asked again though nothing has changed that the server knows of. */
const ticksPerRecheck = 4;

/** Makes the Scheduler's behavior. */
export function scheduler(options: SchedulerOptions): Behavior<SchedulerMessage> {
  return (context) => {
    const state = createState(options, context.clock.now);
    context.every(tickMs, { type: "tick" });
    return handler(state);
  };
}

function handler(state: State): Handler<SchedulerMessage> {
  return (message) => {
    state.turnMs = state.now();
    handle(state, message);
    pump(state);
  };
}

function handle(state: State, message: SchedulerMessage): void {
  switch (message.type) {
    case "node-ready":
      state.capacities.add(message, message.isResumed);
      state.seen.add(message.node);
      state.lost.delete(message.node);
      return;
    case "node-leaving":
      return drain(state, message.node);
    case "node-gone":
      return nodeGone(state, message.node, message.loss);
    case "results":
      return takeResults(state, message.node, message.results);
    case "held":
      return reconcile(state, message.node, message.attempts);
    case "offer":
      return takeOffer(state, message);
    case "stored":
      return stored(state, message.settled);
    case "collected":
      for (const task of message.tasks) collected(state, task);
      return changed(state);
    case "rejected":
      return rejected(state, message.task, message.node, message.failure);
    case "compared":
      return compared(state, message);
    case "progress":
      return progressed(state, message.node, message.progress);
    case "receipt":
      return void message.session.tell({ type: "received", count: message.count });
    case "changed":
      return changed(state);
    case "tick":
      return tick(state);
    default:
      return steer(state, message);
  }
}

/** What an operator, or the root, wants. */
function steer(state: State, message: SchedulerMessage): void {
  switch (message.type) {
    case "pause":
      state.isPaused = true;
      return;
    case "unpause":
      state.isPaused = false;
      return changed(state);
    case "drain":
      state.isDraining = true;
      return;
    case "drain-node":
      state.dismissed.add(message.node);
      return drain(state, message.node);
    case "halt":
      state.isHalted = true;
      state.peers.deliver("root", { type: "halted", counts: countsOf(state), failures: state.failures });
  }
}

function countsOf({ counts, seen, lost }: State): Counts {
  return { ...counts, nodes: seen.size, nodesLost: lost.size };
}

function drain(state: State, node: NodeId): void {
  const capacity = state.capacities.get(node);
  if (!capacity) return;
  capacity.isDraining = true;
  state.capacities.refresh(capacity);
}

/** Nodes that an operator drains may go when they have done what they had. */
function sendHome(state: State): void {
  for (const node of state.dismissed) {
    if ((state.capacities.get(node)?.outstanding ?? 0) > 0) continue;
    state.dismissed.delete(node);
    state.peers.deliver("registry", { type: "dismiss-node", node });
  }
}

function progressed(state: State, node: NodeId, { task, attempt, fraction }: ProgressMessage): void {
  const found = state.leases.find(node, task, attempt);
  if (found?.state === "live") setFraction(state, found, fraction);
}

function tick(state: State): void {
  if (++state.ticks % ticksPerRecheck === 0) {
    parole(state);
    speculate(state);
    changed(state);
  }
  sendHome(state);
  wake(state);
  const { counts, capacities, total } = state;
  const nowMs = state.now();
  const done = counts.collected - counts.resumed + state.fractions;
  state.rate.sample(nowMs, done);
  const ratePerSecond = state.rate.perSecond();
  const left = total === undefined ? undefined : total - counts.failed - counts.resumed - done;
  state.onProgress({
    collected: counts.collected,
    failed: counts.failed,
    running: state.leases.counts.live,
    total,
    nodes: capacities.count(),
    slots: capacities.slots(),
    ratePerSecond,
    etaMs: etaMs(left, ratePerSecond),
    elapsedMs: nowMs - state.startedMs,
  });
}
