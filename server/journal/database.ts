/**
 * The SQLite database under a journal: opened, held by one writer, written in durable transactions.
 *
 * The writer is in a write transaction at all times: SQLite grants it to one connection only, readers are not in its
 * way, and a killed process loses it at once. Between two transactions there is an instant in which another process
 * could get in. So whoever finds a writer named in the header waits and tries again, for a living writer takes its
 * place back in that time; and a writer that was overtaken all the same finds another name in the header, and stops.
 *
 * @module
 */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { damaged, JournalError, journalError } from "./errors.ts";
import { applicationId, createTables, dropTables, formatVersion } from "./schema.ts";

/** How long a living writer has to take its place back, in milliseconds. */
const takeBackMs = 100;
/** How long a writer waits for another process that repairs or reads the file, in milliseconds. */
const busyTimeoutMs = 5_000;

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** One statement, prepared. */
export interface Statement {
  readonly run: (...values: SQLInputValue[]) => void;
  readonly get: (...values: SQLInputValue[]) => Row | undefined;
  readonly all: (...values: SQLInputValue[]) => Row[];
}

/** An open database; all that it throws are {@linkcode JournalError}s. */
export interface Database {
  /** The file, as it was given. */
  readonly path: string;
  /** Prepares a statement. */
  readonly prepare: (sql: string) => Statement;
  /** Runs statements in one transaction that is on the disk when this returns; if it throws, nothing is written. */
  readonly write: (change: () => void) => void;
  /** Gives the file free. Never throws. */
  readonly close: () => void;
}

/** SQLite reads some names as more than files: ":memory:", "file:..." and "" for a temporary one. */
function fileName(path: string): string {
  return /^(:|file:)/i.test(path) ? `./${path}` : path;
}

function statFile(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw journalError(path, "open", error);
  }
}

/** The size of a journal's file in bytes; `undefined` if there is none. */
export function journalBytes(path: string): number | undefined {
  if (path === "") throw new JournalError("journal-io", path, "Cannot open a journal: its path is empty");
  const stat = statFile(path);
  if (stat && !stat.isFile) {
    throw new JournalError("journal-io", path, `Cannot open the journal ${path}: it is no file`);
  }
  return stat?.size;
}

/** Opens the file; if it is there, it must be a journal. */
export function connect(path: string, readOnly: boolean): DatabaseSync {
  const isNew = !journalBytes(path);
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(fileName(path), { readOnly, timeout: 0 });
  } catch (error) {
    throw journalError(path, "open", error);
  }
  try {
    if (!isNew) checkFormat(database, path);
    return database;
  } catch (error) {
    closeQuietly(database);
    throw error;
  }
}

function checkFormat(database: DatabaseSync, path: string): void {
  const number = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0];
  let application, version;
  try {
    [application, version] = [number("application_id"), number("user_version")];
  } catch (error) {
    const found = journalError(path, "open", error);
    throw found.code === "journal-damaged" ? noJournal(path, error) : found;
  }
  if (application !== applicationId) throw noJournal(path);
  if (version !== formatVersion) {
    throw new JournalError(
      "journal-format",
      path,
      `Cannot open the journal ${path}: it has format ${version}, this version of Gristmill knows ${formatVersion}; ` +
        "use the version that wrote it, or keep another journal (--journal OTHER)",
    );
  }
}

function noJournal(path: string, cause?: unknown): JournalError {
  const message = `Cannot open ${path}: it is no journal of Gristmill, or its beginning is damaged; ` +
    "keep another journal (--journal OTHER), or delete the file";
  return new JournalError("journal-format", path, message, { cause });
}

function closeQuietly(database: DatabaseSync): void {
  try {
    database.close();
  } catch {
    // The file is free all the same when the process ends.
  }
}

const wait = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

function statement(prepared: StatementSync, path: string): Statement {
  const guard = <T>(action: "read" | "write to", run: () => T): T => {
    try {
      return run();
    } catch (error) {
      throw journalError(path, action, error);
    }
  };
  return {
    run: (...values) => guard("write to", () => void prepared.run(...values)),
    get: (...values) => guard("read", () => prepared.get(...values) as Row | undefined),
    all: (...values) => guard("read", () => prepared.all(...values) as Row[]),
  };
}

/** Prepares a statement; what it throws are {@linkcode JournalError}s. */
export function prepare(database: DatabaseSync, path: string, sql: string): Statement {
  try {
    return statement(database.prepare(sql), path);
  } catch (error) {
    throw journalError(path, "open", error);
  }
}

/** What {@linkcode openDatabase} tells of the file, inside of a write transaction. */
export interface Opening {
  readonly prepare: Database["prepare"];
  /** Whether there was nothing in the file. */
  readonly isNew: boolean;
  /** Drops what is there and makes empty tables. */
  readonly clear: () => void;
}

/**
 * Opens a journal's file for writing, and makes it if it is not there.
 *
 * @param prepareFile Checks what is there, and makes the header if there is none, in one transaction; what it throws
 * leaves the file as it was.
 *
 * @throws {JournalError}
 */
export function openDatabase(path: string, prepareFile: (opening: Opening) => void): Database {
  const database = connect(path, false);
  try {
    return openConnected(database, path, prepareFile);
  } catch (error) {
    closeQuietly(database);
    throw error;
  }
}

function openConnected(database: DatabaseSync, path: string, prepareFile: (opening: Opening) => void): Database {
  const sql = (text: string) => prepare(database, path, text);
  const setting = (text: string) => sql(`PRAGMA ${text}`).all();
  const rollback = sql("ROLLBACK");
  const begin = sql("BEGIN IMMEDIATE");
  const commit = sql("COMMIT");
  const me = crypto.randomUUID();
  const isEmpty = () => sql("SELECT count(*) AS tables FROM sqlite_schema").get()!.tables === 0;

  // A new file is made whole in SQLite's rollback mode, so that a crash leaves either nothing in it or all.
  setting("synchronous = FULL");
  begin.run();
  const isNew = isEmpty();
  if (!isNew && sql("SELECT writer FROM header").get()?.writer) {
    rollback.run();
    wait(takeBackMs);
    begin.run();
  }
  const clear = () => [...dropTables, ...createTables].forEach((text) => sql(text).run());
  prepareFile({ prepare: sql, isNew, clear });
  sql("UPDATE header SET writer = ?").run(me);
  commit.run();
  setting("journal_mode = WAL");
  setting(`busy_timeout = ${busyTimeoutMs}`);

  return hold(database, path, me);
}

/** A database that is in a write transaction at all times. */
function hold(database: DatabaseSync, path: string, me: string): Database {
  const sql = (text: string) => prepare(database, path, text);
  const [begin, commit, rollback] = ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"].map(sql);
  const writer = sql("SELECT writer FROM header");
  const leave = sql("UPDATE header SET writer = NULL");
  let isClosed = false;

  const enter = () => {
    if (database.isTransaction) return;
    begin.run();
    if (writer.get()?.writer === me) return;
    rollback.run();
    throw new JournalError("journal-locked", path, `Cannot write to the journal ${path}: another process took it over`);
  };
  const quietly = (action: () => void) => {
    try {
      action();
    } catch {
      // The next write meets the same error, and says so.
    }
  };
  enter();
  return {
    path,
    prepare: sql,
    write: (change) => {
      if (isClosed) throw new JournalError("journal-io", path, `Cannot write to the journal ${path}: it is closed`);
      enter();
      try {
        change();
        commit.run();
      } catch (error) {
        // SQLite has ended the transaction by itself after some errors.
        if (database.isTransaction) quietly(() => rollback.run());
        throw error;
      } finally {
        quietly(enter);
      }
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      quietly(() => {
        enter();
        leave.run();
        commit.run();
        // Without its write-ahead log the journal is one file again, unless a reader is in the way.
        sql("PRAGMA journal_mode = DELETE").get();
      });
      closeQuietly(database);
    },
  };
}

/** Looks for damage to the structure of the file. @throws {JournalError} code `journal-damaged`. */
export function checkStructure(path: string, prepare: Database["prepare"]): void {
  const [first] = prepare("PRAGMA quick_check(1)").all();
  const found = first === undefined ? "nothing" : Object.values(first)[0];
  if (found !== "ok") throw damaged(path, `it is damaged (${String(found).replace(/\s+/g, " ")})`);
}
