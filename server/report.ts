/**
 * What people read about a task that failed for good. Pure functions.
 *
 * @module
 */
import type { TaskFailure } from "../actors/remote/protocol.ts";
import type { Lease } from "./lease_table.ts";

const times = (count: number): string => count === 1 ? "once" : `${count} times`;

/** One line with the task, its attempts, the node and the error; then the stack from the node. */
export function taskReport(lease: Lease, failure: TaskFailure, nodeName: string): string {
  const last = lease.evidence.at(-1)?.attempt ?? lease.lastAttempt;
  const first = `task ${lease.task} failed ${times(lease.errors)}, last in attempt ${last} on node ${nodeName}: ` +
    `${failure.name}: ${failure.message} (option --max-attempts)`;
  return failure.stack ? `${first}\n${failure.stack}` : first;
}

/** One line for a task under which too many nodes were lost; then a line for each that is remembered. */
export function lossReport({ task, losses, evidence }: Lease): string {
  const lost = evidence.filter(({ failure }) => failure.kind === "node-lost");
  const { node, attempt } = lost[lost.length - 1];
  const first =
    `task ${task} was with ${losses} ${losses === 1 ? "node that was" : "nodes that were"} lost, last with ` +
    `node ${node} in attempt ${attempt}: it may be what ends them (option --max-node-losses)`;
  const lines = lost.map((one) =>
    `    attempt ${one.attempt} on node ${one.node} until ${new Date(one.at).toISOString()}: ${one.failure.message}`
  );
  return [first, ...lines].join("\n");
}

/** A thrown value with its stack, for people. */
export function describeThrown(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `${String(thrown)} was thrown`;
  const head = `${thrown.name}: ${thrown.message}`;
  if (!thrown.stack) return head;
  return thrown.stack.startsWith(head) ? thrown.stack : `${head}\n${thrown.stack}`;
}
