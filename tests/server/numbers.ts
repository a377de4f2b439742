/**
 * The job of the server's tests.
 *
 * @module
 */
import { defineJob } from "../../job/mod.ts";
import { identity } from "./fake_node.ts";

/** What the nodes of these tests compute. */
export const double = (data: unknown) => (data as number) * 2;

/** A job of so many numbers that notes what is collected, and how it ended. */
export function numbers(count: number, initial?: unknown) {
  const collected: [number, number][] = [];
  const ends: string[] = [];
  const job = defineJob({
    name: identity.job,
    tasks: () => Array.from({ length: count }, (_, index) => index),
    initial: () => initial,
    compute: double,
    collect: (result, task) => void collected.push([task, result as number]),
    finish: (summary) => void ends.push(summary.outcome),
  });
  return { job, collected, ends };
}

/** Results by task. */
export const inOrder = (pairs: readonly [number, number][]) => [...pairs].sort(([a], [b]) => a - b);

/** What should be collected. */
export const doubled = (count: number) => Array.from({ length: count }, (_, index) => [index, index * 2]);
