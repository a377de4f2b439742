/**
 * What must be true when a job is over and its nodes have ended.
 *
 * @module
 */
import type { Summary } from "../../job/types.ts";
import type { Cluster } from "./cluster.ts";

/** Lines of the level `error` that faults lead to. */
const expectedErrors = [
  /Cannot write the journal: no room; trying again in 1 s/,
  /left out, as --on-failure skip says/,
  /is paused: one task after the other fails on it/,
];

/** Holds the end of a simulation to what it must be. */
export function checkEnd(cluster: Cluster, summary: Summary): void {
  const { scenario: { size }, watch: { ledger: { life, storedFailures } }, errors, violations, members } = cluster;
  const expect = (what: string, is: unknown, wanted: unknown): void => {
    if (is !== wanted) violations.push(`at the end ${what} is ${is} instead of ${wanted}`);
  };
  expect("the outcome", `${summary.outcome} ${summary.reason?.split("\n", 1)[0] ?? ""}`, "complete ");
  expect("the number of tasks that have ended", life.collected.size + life.failed.size, size.tasks);
  expect("the number of failed tasks", summary.failed, life.failed.size);
  expect("the number of failed tasks on the disk", storedFailures.size, life.failed.size);
  for (const task of life.failed) {
    if (life.collected.has(task)) violations.push(`task ${task} failed and was collected`);
  }
  for (const error of errors) {
    if (!expectedErrors.some((expected) => expected.test(error))) violations.push(`an error was logged: ${error}`);
  }
  for (const { name, alive } of members) {
    expect(`the number of workers of ${name}`, alive.workers, 0);
    expect(`the number of connections of ${name}`, alive.links, 0);
  }
}
