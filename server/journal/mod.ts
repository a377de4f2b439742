/** The journal: the durable record of a job. @module */

// Keeping it and resuming from it.
export { openJournal } from "./journal.ts";
export { taskHash } from "./task_hash.ts";
export type {
  Journal,
  JournalHeader,
  JournalOptions,
  StoredCall,
  StoredFailure,
  StoredResult,
  StoredSnapshot,
  TaskOutcome,
  TaskRange,
} from "./types.ts";

// What can go wrong.
export { JournalError, type JournalErrorCode } from "./errors.ts";

// Reading what became of each task.
export { formatJobLog, type JobLogEntry, readJobLog } from "./job_log.ts";
