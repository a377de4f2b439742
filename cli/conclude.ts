/**
 * Follows a job to its end and says how it went.
 *
 * @module
 */
import type { Summary } from "../job/types.ts";
import { exitCodes } from "./errors.ts";
import { renderSummary } from "./progress_bar.ts";
import type { Terminal } from "./terminal.ts";

/** What {@linkcode conclude} needs to know beside the summary. */
export interface ConcludeOptions {
  readonly terminal: Terminal;
  /** Whether to leave out the line about a job that is complete. */
  readonly isQuiet: boolean;
  /** The exit code of the signal that ended the job, if one did. */
  readonly signalCode: number | undefined;
}

/**
 * Writes the summary, and the reason if the job is not complete.
 *
 * @returns the exit code.
 */
export function conclude(summary: Summary, { terminal, isQuiet, signalCode }: ConcludeOptions): number {
  terminal.status(undefined);
  if (summary.outcome === "complete") {
    if (!isQuiet) terminal.note(renderSummary(summary));
    return exitCodes.complete;
  }
  if (summary.outcome === "stopped" && signalCode !== undefined) {
    // Wanted by whoever sent the signal, so no error.
    terminal.note(`${renderSummary(summary)}; ${summary.reason}`);
    return signalCode;
  }
  terminal.note(renderSummary(summary));
  if (summary.reason) terminal.note(`error: ${summary.reason}`);
  return exitCodes.failed;
}
