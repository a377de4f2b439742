/**
 * The SQLite database of a journal: opened, checked, and written in durable transactions. All that is thrown here are
 * {@linkcode JournalError}s.
 *
 * @module
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { damaged, type JournalAction, JournalError, journalError, remedies } from "./errors.ts";
import { fileName, journalBytes } from "./files.ts";
import { lockJournal } from "./lock.ts";
import { applicationId, createTables, dropTables, formatVersion } from "./schema.ts";

/** How long to wait for another process that repairs or reads the file, in milliseconds. */
const busyTimeoutMs = 5_000;

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** One statement, prepared. */
export interface Statement {
  readonly run: (...values: SQLInputValue[]) => void;
  readonly get: (...values: SQLInputValue[]) => Row | undefined;
  readonly all: (...values: SQLInputValue[]) => Row[];
}

/** An open database, to read. */
export interface Database {
  /** The file, as it was given. */
  readonly path: string;
  /** Prepares a statement. */
  readonly prepare: (sql: string) => Statement;
  /** Gives the file free. Never throws. */
  readonly close: () => void;
}

/** An open database, to write. */
export interface WritableDatabase extends Database {
  /** Whether the file held nothing. */
  readonly isNew: boolean;
  /** Runs statements in one transaction that is on the disk when this returns; if it throws, nothing is written. */
  readonly write: <T>(change: () => T) => T;
  /** Drops what is there and makes empty tables; only in `write`. */
  readonly clear: () => void;
}

function connect(path: string, readOnly: boolean): Database {
  let database: DatabaseSync;
  const guard = <T>(action: JournalAction, run: () => T): T => {
    try {
      return run();
    } catch (error) {
      throw journalError(path, action, error);
    }
  };
  guard("open", () => database = new DatabaseSync(fileName(path), { readOnly, timeout: busyTimeoutMs }));
  return {
    path,
    prepare: (sql) => {
      const prepared = guard("read", () => database.prepare(sql));
      return {
        // Called for every task: without a closure for each.
        run: (...values) => {
          try {
            prepared.run(...values);
          } catch (error) {
            throw journalError(path, "write to", error);
          }
        },
        get: (...values) => guard("read", () => prepared.get(...values) as Row | undefined),
        all: (...values) => guard("read", () => prepared.all(...values) as Row[]),
      };
    },
    close: () => {
      try {
        database.close();
      } catch {
        // It is closed already, or its end comes with the process's.
      }
    },
  };
}

const numberOf = (database: Database, pragma: string) => Object.values(database.prepare(`PRAGMA ${pragma}`).get()!)[0];

/** @throws {JournalError} code `journal-format`. */
function checkFormat(database: Database): void {
  const { path } = database;
  const fail = (what: string): never => {
    throw new JournalError("journal-format", path, `Cannot open the journal ${path}: ${what}`);
  };
  const version = numberOf(database, "user_version");
  if (numberOf(database, "application_id") !== applicationId) fail(remedies["journal-format"]);
  if (version !== formatVersion) {
    fail(
      `it has format ${version}, and this version of Gristmill knows ${formatVersion}; use the version that wrote ` +
        "it, or keep another journal (--journal OTHER)",
    );
  }
}

/** Looks for damage to the structure of the file. @throws {JournalError} code `journal-damaged`. */
export function checkStructure({ path, prepare }: Pick<Database, "path" | "prepare">): void {
  const [found] = prepare("PRAGMA quick_check(1)").all().map((row) => String(Object.values(row)[0]));
  if (found !== "ok") throw damaged(path, `it is damaged (${found?.replace(/\s+/g, " ")})`);
}

/** Opens a journal that is there. A server may be writing to it. */
export function openToRead(path: string): Database {
  if (!journalBytes(path)) {
    throw new JournalError("journal-missing", path, `Cannot read the journal ${path}: there is no such journal`);
  }
  const database = connect(path, true);
  try {
    checkFormat(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens a journal's file as its only writer, and makes it if it is not there. */
export function openToWrite(path: string): WritableDatabase {
  // What is there is looked at before anything is made beside it, and again when nobody else can change it.
  journalBytes(path);
  const unlock = lockJournal(path);
  let database: Database | undefined;
  try {
    const isNew = !journalBytes(path);
    database = connect(path, false);
    if (!isNew) checkFormat(database);
    return writable(database, isNew, unlock);
  } catch (error) {
    database?.close();
    unlock();
    throw error;
  }
}

function writable(database: Database, isNew: boolean, unlock: () => void): WritableDatabase {
  const { path, prepare } = database;
  const [begin, commit, rollback] = ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"].map(prepare);
  prepare("PRAGMA synchronous = FULL").run();
  let isClosed = false;
  return {
    path,
    prepare,
    isNew,
    write: (change) => {
      if (isClosed) throw new JournalError("journal-io", path, `Cannot write to the journal ${path}: it is closed`);
      begin.run();
      try {
        const result = change();
        commit.run();
        return result;
      } catch (error) {
        try {
          rollback.run();
        } catch {
          // SQLite has ended the transaction by itself.
        }
        throw error;
      }
    },
    clear: () => [...dropTables, ...createTables].forEach((sql) => prepare(sql).run()),
    close: () => {
      if (isClosed) return;
      isClosed = true;
      try {
        // Without its write-ahead log the journal is one file again.
        prepare("PRAGMA journal_mode = DELETE").get();
      } catch {
        // A reader is in the way; whoever opens the journal next can read both files.
      }
      database.close();
      unlock();
    },
  };
}
