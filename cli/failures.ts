/**
 * Lists the tasks that failed for good.
 *
 * @module
 */
import type { Summary } from "../job/types.ts";

/** How many tasks are listed. */
const listedMax = 20;

/**
 * A line for each task that failed for good, with its number, attempts, last node and reason; nothing where there is
 * only one and it is the reason of the job's end.
 *
 * @param joblog The command that lists them all, where there is one
 */
export function listFailures({ failures, failed, reason }: Summary, joblog?: string): string[] {
  if (failed === 1 && failures.length === 1 && failures[0].reason === reason) return [];
  const lines = failures.slice(0, listedMax).map((failure) => `  ${failure.reason.split("\n", 1)[0]}`);
  const more = failed - lines.length;
  if (lines.length > 0 && more > 0) lines.push(`  ... and ${more} more${joblog ? `, see ${joblog}` : ""}`);
  return lines;
}
