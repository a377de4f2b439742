/** Errors of the journal. @module */

/**
 * What is wrong. `journal-exists`: the file holds an unfinished job, and resuming was not asked for.
 * `journal-missing`: there is no such file. `journal-job-mismatch`, `journal-code-mismatch`,
 * `journal-options-mismatch`: the file belongs to another job, to other code or to other options.
 * `journal-tasks-differ`: the job no longer makes the tasks whose results are stored. `journal-format`: the
 * file is no journal, or one of another version. `journal-damaged`: its content was changed or cut. `journal-locked`:
 * another process writes to it. `journal-full`: there is no room on its disk. `journal-io`: the system refuses to open,
 * read or write it.
 */
export type JournalErrorCode =
  | "journal-exists"
  | "journal-missing"
  | "journal-job-mismatch"
  | "journal-code-mismatch"
  | "journal-options-mismatch"
  | "journal-tasks-differ"
  | "journal-format"
  | "journal-damaged"
  | "journal-locked"
  | "journal-full"
  | "journal-io";

/** A journal that cannot be used. Its message names the file, what is wrong, and what to do. */
export class JournalError extends Error {
  /** The name of the class. */
  override readonly name = "JournalError";
  /** Stable, for programs. */
  readonly code: JournalErrorCode;
  /** The journal's file, as it was given. */
  readonly path: string;

  /** Makes an error with its code, the file, its one line for people, and its cause if there is one. */
  constructor(code: JournalErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/** What was wanted of a journal when something went wrong. */
export type JournalAction = "open" | "read" | "write to";

/** The primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const sqlite = { busy: 5, locked: 6, corrupt: 11, full: 13, cannotOpen: 14, notDatabase: 26 } as const;
/** The memory that connections share could not grow: SQLITE_IOERR_SHMSIZE, what a full disk gives there. */
const sharedMemorySize = 4874;

/** What a person is told of each code. */
export const remedies = {
  "journal-locked": "another process uses it: wait for its end, or keep another journal (--journal OTHER)",
  "journal-full": "there is no room on its disk: what was committed before is safe; make room",
  "journal-damaged": "it is damaged; put a copy back, or delete it to begin anew",
  "journal-format": "it is no journal of Gristmill, or its beginning is damaged; keep another journal " +
    "(--journal OTHER), or delete the file",
} as const;

function codeOf(errcode: unknown): keyof typeof remedies | "journal-io" {
  if (typeof errcode !== "number") return "journal-io";
  if (errcode === sharedMemorySize) return "journal-full";
  switch (errcode & 0xff) {
    case sqlite.busy:
    case sqlite.locked:
      return "journal-locked";
    case sqlite.full:
      return "journal-full";
    case sqlite.corrupt:
      return "journal-damaged";
    case sqlite.notDatabase:
      return "journal-format";
    default:
      return "journal-io";
  }
}

/** What a person needs to know of an error that SQLite or the system threw, as a {@linkcode JournalError}. */
export function journalError(path: string, action: JournalAction, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  const code = codeOf((error as { errcode?: unknown }).errcode);
  const reason = error instanceof Error ? error.message : String(error);
  const what = code === "journal-io" ? reason : remedies[code];
  return new JournalError(code, path, `Cannot ${action} the journal ${path}: ${what}`, { cause: error });
}

/** Says that what was read is not what was written. */
export function damaged(path: string, what: string, options?: ErrorOptions): JournalError {
  const message = `Cannot read the journal ${path}: ${what}; put a copy back, or delete the file to begin anew`;
  return new JournalError("journal-damaged", path, message, options);
}
