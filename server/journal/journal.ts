/**
 * The journal: what a server needs to resume a job that was interrupted at any moment.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { Summary } from "../../job/types.ts";
import { createCallTable } from "./call_table.ts";
import { checkStructure, type Database, openDatabase, type Opening } from "./database.ts";
import { damaged, JournalError } from "./errors.ts";
import { checkHeader } from "./header.ts";
import { createTaskTable, failureRow, join, resultRow, rowFailure, rowResult, split, type TaskRow } from "./rows.ts";
import type { Journal, JournalHeader, JournalOptions, StoredCall, StoredSnapshot, TaskRange } from "./types.ts";

/** The row of the table `header`. */
interface HeaderRow {
  readonly run: string;
  readonly job: string;
  readonly code: string;
  readonly package: string;
  readonly options: string;
  readonly pinned: number;
  readonly begun: number;
  readonly outcome: Summary["outcome"] | null;
  readonly covered: string | null;
  readonly sum: number | null;
}

function readHeader(path: string, prepare: Database["prepare"]): HeaderRow {
  const row = prepare("SELECT * FROM header").get();
  if (row === undefined) throw damaged(path, "it has no header");
  return row as unknown as HeaderRow;
}

function newRun(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function writeHeader(opening: Opening, header: JournalHeader, { now, run = newRun() }: JournalOptions): void {
  opening.clear();
  const { job, codeHash, packageVersion, options, pinned } = header;
  opening.prepare(
    "INSERT INTO header (id, run, job, code, package, options, pinned, begun) VALUES (0, ?, ?, ?, ?, ?, ?, ?)",
  ).run(run, job, codeHash, packageVersion, JSON.stringify(options), pinned ? 1 : 0, Math.round(now));
}

function parseHeader(path: string, row: HeaderRow): JournalHeader {
  try {
    const options = JSON.parse(row.options);
    const { job, code: codeHash, package: packageVersion, pinned } = row;
    return { job, codeHash, packageVersion, options, pinned: pinned === 1 };
  } catch (error) {
    throw damaged(path, "its header is not what was written", { cause: error });
  }
}

/** What is there already: checked to be resumed, or cleared if its job is over. */
function takeOver(path: string, opening: Opening, header: JournalHeader, options: JournalOptions): boolean {
  const row = readHeader(path, opening.prepare);
  const kept = parseHeader(path, row);
  if (options.resume || options.retryFailed) {
    checkStructure(path, opening.prepare);
    checkHeader(path, kept, header);
    return true;
  }
  if (row.outcome === "complete" && kept.job === header.job) {
    writeHeader(opening, header, options);
    return false;
  }
  const { collected, failed } = createTaskTable({ path, prepare: opening.prepare }).count();
  const state = row.outcome === null ? "an unfinished" : row.outcome === "complete" ? "a complete" : `a ${row.outcome}`;
  const begun = new Date(row.begun).toISOString();
  throw new JournalError(
    "journal-exists",
    path,
    `Cannot begin the journal ${path}: it holds ${state} run of ${JSON.stringify(kept.job)}, begun ${begun}, with ` +
      `${collected} results and ${failed} failures; continue it (--resume) or keep another journal (--journal OTHER)`,
  );
}

/** Forgets what a resumed job does anew. */
function reopen(database: Database, retryFailed: boolean): void {
  const tasks = createTaskTable(database);
  const { outcome } = readHeader(database.path, database.prepare);
  const forgets = retryFailed && tasks.count().failed > 0;
  if (!forgets && (outcome === null || outcome === "complete")) return;
  database.write(() => {
    if (forgets) tasks.forgetFailures();
    database.prepare("UPDATE header SET outcome = NULL").run();
  });
}

/**
 * Opens a journal, and begins it if there is none. A journal whose job is complete is begun anew, unless it is resumed.
 *
 * @throws {JournalError} A file that was there is unchanged then.
 *
 * @example
 * ```ts
 * const header = { job: "pi", codeHash: "0".repeat(64), packageVersion: "1.0.0", options: {}, pinned: false };
 * const journal = openJournal("pi.journal", header, { now: Date.now() });
 * journal.append({ task: 0, attempt: 1, attempts: 1, node: "a", startedAt: 0, elapsedMs: 5, taskHash: "", payload });
 * journal.commit();
 * journal.close();
 * openJournal("pi.journal", header, { resume: true, now: Date.now() }).result(0); // what was appended
 * ```
 */
export function openJournal(path: string, header: JournalHeader, options: JournalOptions): Journal {
  let isResumed = false;
  const database = openDatabase(path, (opening) => {
    if (!opening.isNew) isResumed = takeOver(path, opening, header, options);
    else if (!options.retryFailed) writeHeader(opening, header, options);
    else throw new JournalError("journal-missing", path, `Cannot retry what failed: there is no journal ${path}`);
  });
  try {
    if (isResumed) reopen(database, options.retryFailed ?? false);
    return createJournal(database, isResumed);
  } catch (error) {
    database.close();
    throw error;
  }
}

const covers = (ranges: readonly TaskRange[], task: number): boolean =>
  ranges.some(([first, last]) => first <= task && task <= last);

function createJournal(database: Database, isResumed: boolean): Journal {
  const { path, prepare, write } = database;
  const header = readHeader(path, prepare);
  const tasks = createTaskTable(database);
  const calls = createCallTable(database);
  const snapshots = createSnapshotTable(database);
  const setOutcome = prepare("UPDATE header SET outcome = ?");
  let outcome = header.outcome ?? undefined;
  let counts = tasks.count();
  let rows: TaskRow[] = [];
  let waitingCalls: StoredCall[] = [];

  /** Writes what waits, and what else is to be written with it. */
  const flush = (extra?: () => void, covered: readonly TaskRange[] = []) => {
    const after = { ...counts };
    write(() => {
      extra?.();
      for (const row of rows) {
        tasks.insert(covers(covered, row.task) && row.outcome === "collected" ? { ...row, payload: undefined } : row);
        after[row.outcome === "collected" ? "collected" : "failed"]++;
        if (row.task > after.last) after.last = row.task;
      }
      waitingCalls.forEach(calls.insert);
    });
    counts = after;
    rows = [];
    waitingCalls = [];
  };
  const find = (task: number) => task > counts.last ? undefined : tasks.find(task);

  return {
    path,
    run: header.run,
    isResumed,
    get collectedCount() {
      return counts.collected;
    },
    get failedCount() {
      return counts.failed;
    },
    get pendingCount() {
      return rows.length + waitingCalls.length;
    },
    get outcome() {
      return outcome;
    },
    append: (result) => void rows.push(resultRow(result)),
    appendFailure: (failure) => void rows.push(failureRow(failure)),
    appendCall: (call) => void waitingCalls.push(call),
    commit: () => {
      if (rows.length + waitingCalls.length > 0) flush();
    },
    result: (task) => {
      const row = find(task);
      return row?.outcome === "collected" && row.payload ? rowResult(row, row.payload) : undefined;
    },
    failure: (task) => {
      const row = counts.failed === 0 ? undefined : find(task);
      return row && row.outcome !== "collected" ? rowFailure(row, row.payload!) : undefined;
    },
    inSnapshot: (task) => {
      const row = find(task);
      return row && row.payload === undefined ? row.hash : undefined;
    },
    calls: calls.all,
    saveSnapshot: (data, ranges) => {
      const before = waitingCalls;
      waitingCalls = [];
      try {
        flush(() => {
          calls.clear();
          ranges.forEach(([first, last]) => tasks.cover(first, last));
          snapshots.save(data, ranges);
        }, ranges);
      } catch (error) {
        waitingCalls = before;
        throw error;
      }
    },
    snapshot: snapshots.load,
    finish: (how) => {
      flush(() => setOutcome.run(how));
      outcome = how;
    },
    close: database.close,
  };
}

/** The latest state of the job's own books. */
function createSnapshotTable({ path, prepare }: Database) {
  const clear = prepare("DELETE FROM snapshot");
  const insert = prepare("INSERT INTO snapshot VALUES (?, ?)");
  const select = prepare("SELECT data FROM snapshot ORDER BY part");
  const setCovered = prepare("UPDATE header SET covered = ?, sum = ?");
  const selectCovered = prepare("SELECT covered, sum FROM header");
  const seal = (covered: string, parts: readonly Uint8Array[]) =>
    parts.reduce((sum, part) => crc32(part, sum), crc32(covered));
  return {
    save: (data: Uint8Array, tasks: readonly TaskRange[]): void => {
      const parts = split(data);
      const covered = JSON.stringify(tasks);
      clear.run();
      parts.forEach((part, i) => insert.run(i, part));
      setCovered.run(covered, seal(covered, parts));
    },
    load: (): StoredSnapshot | undefined => {
      const { covered, sum } = selectCovered.get()! as { covered: string | null; sum: number };
      if (covered === null) return undefined;
      const parts = select.all().map(({ data }) => data as Uint8Array);
      if (seal(covered, parts) !== sum) throw damaged(path, "the snapshot is not what was written");
      return { data: join(parts), tasks: JSON.parse(covered) };
    },
  };
}
