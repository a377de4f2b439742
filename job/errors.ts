/** Errors of jobs: of their definitions, options, tasks and chunks. @module */

/**
 * What is wrong. `job-invalid`: a definition cannot be used. `job-missing`: a module has no default export.
 * `job-unknown`: its default export is no job. `option-invalid`: an option is unknown or its value cannot be used.
 * `tasks-invalid`: the job's tasks cannot be read, or what one of them needs cannot be used. `job-closed`: the job
 * ended while its tasks waited. `chunk-not-held`: a chunk is not being processed by the node that speaks of it.
 */
export type JobErrorCode =
  | "job-invalid"
  | "job-missing"
  | "job-unknown"
  | "option-invalid"
  | "tasks-invalid"
  | "job-closed"
  | "chunk-not-held";

/** An error that the author or the operator of a job can mend. */
export class JobError extends Error {
  /** The class's name. */
  override readonly name = "JobError";
  /** Stable, for programs. */
  readonly code: JobErrorCode;

  /** Makes an error with its code, its one line for people, and its cause if there is one. */
  constructor(code: JobErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
