/**
 * What people read about a task that failed for good. Pure functions.
 *
 * @module
 */
import type { NodeId, TaskFailure } from "../actors/remote/protocol.ts";
import type { Lease } from "./lease_table.ts";

const times = (count: number): string => count === 1 ? "once" : `${count} times`;

/** One line with the task, its attempts, the node and the error; then the stack from the node. */
export function taskReport(lease: Lease, failure: TaskFailure, nodeName: string | undefined): string {
  const where = nodeName === undefined ? `node ${lease.node as NodeId}` : `node ${nodeName}`;
  const first = `task ${lease.task} failed ${times(lease.errors)}, last in attempt ${lease.attempt} on ${where}: ` +
    `${failure.name}: ${failure.message} (option --max-attempts)`;
  return failure.stack ? `${first}\n${failure.stack}` : first;
}

/** One line for a task under which too many nodes were lost. */
export function lossReport(lease: Lease, nodeName: string): string {
  return `task ${lease.task} was with ${lease.losses} nodes that were lost, last with node ${nodeName} in attempt ` +
    `${lease.attempt}: it may be what ends them (option --max-node-losses)`;
}

/** A thrown value with its stack, for people. */
export function describeThrown(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `${String(thrown)} was thrown`;
  const head = `${thrown.name}: ${thrown.message}`;
  if (!thrown.stack) return head;
  return thrown.stack.startsWith(head) ? thrown.stack : `${head}\n${thrown.stack}`;
}
