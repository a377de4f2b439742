/**
 * Errors of the command line, and the exit codes that it ends with.
 *
 * @module
 */

/** The exit codes of every verb. Documented in `--help`. */
export const exitCodes = {
  /** The job is complete; a node was told that the job is over. */
  complete: 0,
  /** The job failed, was stopped before it was complete, or had to leave tasks out that failed for good. */
  failed: 1,
  /** The command line, a setting, the job module or the journal cannot be used. */
  usage: 2,
  /** The server cannot be reached, or refuses this node or operator. */
  unreachable: 3,
  /** Ended by Ctrl-C (SIGINT). */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

/** A command line that cannot be carried out. Its message names the option or argument and what is allowed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** Stable, for programs. */
  readonly code = "usage";
}

/** Why a job module cannot be used. */
export type LoadErrorCode = "job-not-found" | "job-unreadable" | "job-scheme" | "job-throws";

/** A job module that cannot be used. The first line of the message says why; further lines are details. */
export class LoadError extends Error {
  override readonly name = "LoadError";
  /** Stable, for programs. */
  readonly code: LoadErrorCode;

  constructor(code: LoadErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * What the command line prints of an error: `error: ` and its message. Our own stack is for those who debug; the
 * stacks of user code are part of the message already.
 */
export function describeError(error: unknown, withStack = false): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const stack = withStack && error instanceof Error && error.stack ? `\n${error.stack}` : "";
  return `error: ${message}${stack}`;
}

/** The names of the errors that a person can mend; any other is a bug. */
const mendable = new Set(["UsageError", "LoadError", "JobError", "ConfigError", "TransportError", "JournalError"]);

/** The exit code for an error that ended a verb. */
export function exitCodeOf(error: unknown): number {
  return error instanceof Error && mendable.has(error.name) ? exitCodes.usage : exitCodes.failed;
}
