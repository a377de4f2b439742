/**
 * What a journal keeps: the durable record of a job, from which a server resumes.
 *
 * @module
 */
import type { JobOptions, Summary } from "../../job/types.ts";

/** What a journal belongs to; a server resumes only from a journal with the same header. */
export interface JournalHeader {
  /** The job's name. */
  readonly job: string;
  /** The hash of the job's code: 64 hexadecimal digits. */
  readonly codeHash: string;
  /** The version of the Gristmill package; kept for people. Another one is fine if it writes the same format. */
  readonly packageVersion: string;
  /** The job's options, filled with their defaults. */
  readonly options: JobOptions;
  /** Whether the job keeps its own books; then the calls of its books are kept too. */
  readonly pinned: boolean;
}

/** A result that was collected. */
export interface StoredResult {
  /** The task's number, from 0. */
  readonly task: number;
  /** The attempt that gave the result, from 1. */
  readonly attempt: number;
  /** How many attempts were made in all. */
  readonly attempts: number;
  /** The name of the node that computed it. */
  readonly node: string;
  /** When the attempt began, in milliseconds since 1970; kept to the millisecond. */
  readonly startedAt: number;
  /** How long it computed, in milliseconds. */
  readonly elapsedMs: number;
  /** The {@linkcode taskHash} of the task's own payload. */
  readonly taskHash: string;
  /** The result as the payload codec wrote it. It must not change until it is committed. */
  readonly payload: Uint8Array;
}

/** How a task ended. */
export type TaskOutcome = "collected" | "failed" | "quarantined";

/** A task that failed for good. */
export interface StoredFailure {
  /** The task's number, from 0. */
  readonly task: number;
  /** How many attempts were made. */
  readonly attempts: number;
  /** `failed`: by its own error. `quarantined`: nodes were lost under it. */
  readonly outcome: Exclude<TaskOutcome, "collected">;
  /** The name of the node of the last attempt. */
  readonly node: string;
  /** When the last attempt began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** How long the last attempt computed, in milliseconds. */
  readonly elapsedMs: number;
  /** The {@linkcode taskHash} of the task's own payload. */
  readonly taskHash: string;
  /** Why, in one line. */
  readonly message: string;
  /** What is known of each attempt, as JSON. */
  readonly evidence: string;
}

/** One call of the books of a pinned job, in the order in which the calls were made. */
export interface StoredCall {
  /** Which function of the books was called: `joined` is `initialData`, the others have its name. */
  readonly kind: "joined" | "next" | "collect" | "dropped" | "lost" | "custom";
  /** The node that the call was about. */
  readonly node: string;
  /** The task that was given or whose result was collected; absent where the call has none. */
  readonly task?: number;
  /** What came with it, such as a custom message. */
  readonly data?: Uint8Array;
}

/** Task numbers from the first to the last, both included. */
export type TaskRange = readonly [first: number, last: number];

/** The state of a job's own books, and the tasks whose results it holds. */
export interface StoredSnapshot {
  /** What the books wrote. */
  readonly data: Uint8Array;
  /** The tasks whose results are in it. */
  readonly tasks: readonly TaskRange[];
}

/** How {@linkcode openJournal} treats what is there. */
export interface JournalOptions {
  /** Whether to continue from the journal; if there is none, one is begun all the same. @default false */
  readonly resume?: boolean;
  /** Whether to forget which tasks failed, so that they run again; implies `resume`. @default false */
  readonly retryFailed?: boolean;
  /** The time, in milliseconds since 1970; kept for people. */
  readonly now: number;
  /** The identity of a new run: 32 hexadecimal digits. @default random */
  readonly run?: string;
}

/** An open journal. What is appended is buffered until a commit; what is read was committed. */
export interface Journal {
  /** The file, as it was given. */
  readonly path: string;
  /** The identity of the job's run: 32 hexadecimal digits, chosen at its beginning and kept when it is resumed. */
  readonly run: string;
  /** Whether it was there before. */
  readonly isResumed: boolean;
  /** How many results are committed, those in the snapshot included. */
  readonly collectedCount: number;
  /** How many tasks are committed as failed for good. */
  readonly failedCount: number;
  /** How many results, failures and calls wait for the next commit. */
  readonly pendingCount: number;
  /** How the job ended; `undefined` while it has not. A job that failed or was stopped is resumed as not ended. */
  readonly outcome: Summary["outcome"] | undefined;

  /** Takes in a result. */
  readonly append: (result: StoredResult) => void;
  /** Takes back what is known of a task, committed or not: it is as if it had never ended. */
  readonly withdraw: (task: number) => void;
  /** Takes in a task that failed for good. */
  readonly appendFailure: (failure: StoredFailure) => void;
  /** Takes in a call of the job's own books. */
  readonly appendCall: (call: StoredCall) => void;
  /**
   * Writes all that was taken in, in one transaction; it is on the disk when this returns.
   *
   * @throws {JournalError} code `journal-full` or `journal-io`. Nothing of it is written then, and all of it still
   * waits: a later commit may succeed.
   */
  readonly commit: () => void;

  /**
   * The result of a task; `undefined` if there is none, or if it is in the snapshot.
   *
   * @throws {JournalError} code `journal-damaged`, if it is not what was written.
   */
  readonly result: (task: number) => StoredResult | undefined;
  /** The failure of a task that failed for good. */
  readonly failure: (task: number) => StoredFailure | undefined;
  /** The {@linkcode taskHash} of a task whose result is in the snapshot; `undefined` for any other. */
  readonly inSnapshot: (task: number) => string | undefined;
  /** The calls since the snapshot, or since the beginning. */
  readonly calls: () => Iterable<StoredCall>;

  /**
   * Commits all that was taken in, together with the state of the job's own books. What is in that state is not kept
   * apart any more: the results of `tasks`, and all calls. The log of these tasks stays.
   *
   * @param tasks In order, with all that were in the snapshot before; failed tasks may be among them and stay apart.
   * @throws {RangeError} if they are not.
   * @throws {JournalError} as `commit` does.
   */
  readonly saveSnapshot: (data: Uint8Array, tasks: readonly TaskRange[]) => void;
  /** The latest snapshot. */
  readonly snapshot: () => StoredSnapshot | undefined;

  /** Commits all that was taken in, and how the job ended. */
  readonly finish: (outcome: Summary["outcome"]) => void;
  /** Gives the file free. What was not committed is lost. Never throws. */
  readonly close: () => void;
}
