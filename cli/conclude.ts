/**
 * Follows a job to its end and says how it went.
 *
 * @module
 */
import { visible } from "../actors/visible.ts";
import type { Summary } from "../job/types.ts";
import { exitCodes } from "./errors.ts";
import { listFailures } from "./failures.ts";
import { howToGoOn, type KeptJournal } from "./journal.ts";
import { renderSummary } from "./progress_bar.ts";
import type { Terminal } from "./terminal.ts";

/** What {@linkcode conclude} needs to know beside the summary. */
export interface ConcludeOptions {
  readonly terminal: Terminal;
  /** How a person starts this program. */
  readonly program: string;
  /** Whether to leave out the lines about a job that is complete, and about how to go on. */
  readonly isQuiet: boolean;
  /** The exit code of the signal that ended the job, if one did. */
  readonly signalCode: number | undefined;
  /** The journal that was kept, if one was. */
  readonly kept?: KeptJournal;
}

/**
 * Writes the summary, the tasks that failed for good, the reason if the job is not complete, and how to go on.
 *
 * @returns the exit code.
 */
export function conclude(summary: Summary, options: ConcludeOptions): number {
  const { terminal, program, isQuiet, signalCode, kept } = options;
  const { outcome, failed, reason } = summary;
  const isFlawless = outcome === "complete" && failed === 0;
  // Wanted by whoever sent the signal, so no error.
  const isInterrupted = outcome === "stopped" && signalCode !== undefined;
  // Reasons have names and messages from nodes in them.
  const note = (line: string): void => terminal.note(visible(line));
  terminal.status(undefined);
  if (!isFlawless || !isQuiet) note(renderSummary(summary) + (isInterrupted ? `; ${reason}` : ""));
  for (const line of listFailures(summary, kept && `${program} joblog ${kept.journal.path}`)) note(line);
  if (!isFlawless && !isInterrupted && reason) note(`error: ${reason}`);
  const next = kept && howToGoOn(summary, kept);
  if (next && !isQuiet) terminal.note(next);
  if (isInterrupted) return signalCode;
  return isFlawless ? exitCodes.complete : exitCodes.failed;
}
