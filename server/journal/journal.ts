/**
 * The journal: what a server needs to resume a job that was interrupted at any moment.
 *
 * @module
 */
import type { Summary } from "../../job/types.ts";
import { createCallTable } from "./call_table.ts";
import { checkStructure, openToWrite, type WritableDatabase } from "./database.ts";
import { damaged, JournalError } from "./errors.ts";
import { journalBytes } from "./files.ts";
import { checkHeader } from "./header.ts";
import { claim, readHeader, type StoredHeader, writeHeader } from "./header_table.ts";
import { checkRanges, isInRanges, subtractRanges } from "./ranges.ts";
import { createSnapshotTable } from "./snapshot_table.ts";
import { failureOf, failureRow, resultOf, resultRow, type TaskRow } from "./task_row.ts";
import { createTaskTable, type TaskCounts } from "./task_table.ts";
import type { Journal, JournalHeader, JournalOptions, StoredCall, TaskRange } from "./types.ts";

/** Says that a journal would have to be overwritten. */
function exists(database: WritableDatabase, kept: StoredHeader, job: string): JournalError {
  const { collected, failed } = createTaskTable(database).count();
  const run = `the ${kept.outcome ?? "unfinished"} run of ${JSON.stringify(kept.job)}`;
  const begun = new Date(kept.begun).toISOString();
  const remedy = kept.job === job ? "continue it (--resume), or keep" : "keep";
  const message =
    `Cannot begin the journal ${database.path}: it holds ${run} begun ${begun} (collected: ${collected}, ` +
    `failed: ${failed}); ${remedy} another journal (--journal OTHER)`;
  return new JournalError("journal-exists", database.path, message);
}

/** Makes the journal ready for a run: begins it, or checks that it can be resumed. @returns whether it is resumed. */
function begin(database: WritableDatabase, header: JournalHeader, options: JournalOptions): boolean {
  const { path, isNew } = database;
  const { resume = false, retryFailed = false } = options;
  if (isNew) {
    writeHeader(database, header, options);
    return false;
  }
  const kept = readHeader(database);
  if (!resume && !retryFailed) {
    if (kept.outcome !== "complete" || kept.job !== header.job) throw exists(database, kept, header.job);
    writeHeader(database, header, options);
    return false;
  }
  checkStructure(database);
  checkHeader(path, kept, header);
  const tasks = createTaskTable(database);
  const forgets = retryFailed && tasks.count().failed > 0;
  if (forgets) tasks.forgetFailures();
  if (forgets || kept.outcome !== "complete") database.prepare("UPDATE header SET outcome = NULL").run();
  return true;
}

/** The pages of an earlier run may be many more than this one needs. */
function giveBackRoom(database: WritableDatabase): void {
  try {
    database.prepare("VACUUM").run();
  } catch {
    // Without room to do it, they are used again.
  }
}

/**
 * Opens a journal, and begins it if there is none. A journal whose job is complete is begun anew, unless it is resumed.
 * To resume it, all of the file is read once, to find damage before the job goes on.
 *
 * @throws {JournalError} What the file holds is unchanged then.
 *
 * @example
 * ```ts
 * const header = { job: "pi", codeHash: "0".repeat(64), packageVersion: "1.0.0", options: {}, pinned: false };
 * const journal = openJournal("pi.journal", header, { now });
 * journal.append({ task: 0, attempt: 1, attempts: 1, node: "a", startedAt: now, elapsedMs: 5, taskHash, payload });
 * journal.commit();
 * journal.close();
 * openJournal("pi.journal", header, { resume: true, now }).result(0); // what was appended
 * ```
 */
export function openJournal(path: string, header: JournalHeader, options: JournalOptions): Journal {
  if (options.retryFailed && !journalBytes(path)) {
    throw new JournalError("journal-missing", path, `Cannot retry what failed: there is no journal ${path}`);
  }
  return journalIn(openToWrite(path), header, options);
}

/** Makes a journal in an open database, or resumes it. The database is closed with it. */
export function journalIn(database: WritableDatabase, header: JournalHeader, options: JournalOptions): Journal {
  try {
    const isResumed = database.write(() => begin(database, header, options));
    if (!isResumed && !database.isNew) giveBackRoom(database);
    database.prepare("PRAGMA journal_mode = WAL").get();
    return createJournal(database, isResumed);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The result of a task, taken back. */
interface Withdrawal {
  readonly withdrawn: number;
}

/** What waits for the next commit, and what is committed. */
function createWriter(database: WritableDatabase) {
  const checkClaim = claim(database);
  const tasks = createTaskTable(database);
  const calls = createCallTable(database);
  let rows: (TaskRow | Withdrawal)[] = [];
  let waitingCalls: StoredCall[] = [];
  let counts = tasks.count();

  const insertRows = (covered: readonly TaskRange[]): TaskCounts => {
    let { collected, failed, last } = counts;
    for (const row of rows) {
      if ("withdrawn" in row) {
        if (tasks.remove(row.withdrawn)) collected--;
        continue;
      }
      const isCollected = row.outcome === "collected";
      tasks.insert(isCollected && isInRanges(covered, row.task) ? { ...row, payload: null } : row);
      if (isCollected) collected++;
      else failed++;
      last = Math.max(last, row.task);
    }
    return { collected, failed, last };
  };
  return {
    counts: () => counts,
    waiting: () => rows.length + waitingCalls.length,
    find: (task: number) => task > counts.last ? undefined : tasks.find(task),
    addRow: (row: TaskRow | Withdrawal) => void rows.push(row),
    addCall: (call: StoredCall) => void waitingCalls.push(call),
    calls: calls.all,
    /** Writes all that waits, and what `change` writes. */
    flush: (change: () => void = () => {}) => {
      counts = database.write(() => {
        checkClaim();
        change();
        waitingCalls.forEach(calls.insert);
        return insertRows([]);
      });
      [rows, waitingCalls] = [[], []];
    },
    /** Writes all that waits, without what a snapshot has, and the snapshot. */
    flushInto: (saveSnapshot: () => void, covered: readonly TaskRange[], before: readonly TaskRange[]) => {
      counts = database.write(() => {
        checkClaim();
        // What frees room comes first, for the disk may be full.
        calls.clear();
        tasks.cover(subtractRanges(covered, before));
        saveSnapshot();
        return insertRows(covered);
      });
      [rows, waitingCalls] = [[], []];
    },
  };
}

function createJournal(database: WritableDatabase, isResumed: boolean): Journal {
  const { path } = database;
  const header = readHeader(database);
  const writer = createWriter(database);
  const snapshots = createSnapshotTable(database);
  const setOutcome = database.prepare("UPDATE header SET outcome = ?");
  let outcome: Summary["outcome"] | undefined = header.outcome;
  let covered = snapshots.load()?.tasks ?? [];

  const find = (task: number): TaskRow | undefined => {
    const row = writer.find(task);
    if (row && row.payload === null && !isInRanges(covered, task)) {
      throw damaged(path, `the result of task ${task} is gone`);
    }
    return row;
  };
  return {
    path,
    run: header.run,
    isResumed,
    get collectedCount() {
      return writer.counts().collected;
    },
    get failedCount() {
      return writer.counts().failed;
    },
    get pendingCount() {
      return writer.waiting();
    },
    get outcome() {
      return outcome;
    },
    append: (result) => writer.addRow(resultRow(result)),
    withdraw: (task) => writer.addRow({ withdrawn: task }),
    appendFailure: (failure) => writer.addRow(failureRow(failure)),
    appendCall: writer.addCall,
    commit: () => {
      if (writer.waiting() > 0) writer.flush();
    },
    result: (task) => resultOf(find(task)),
    failure: (task) => writer.counts().failed === 0 ? undefined : failureOf(find(task)),
    inSnapshot: (task) => isInRanges(covered, task) ? find(task)?.hash : undefined,
    calls: writer.calls,
    saveSnapshot: (data, tasks) => {
      checkRanges(tasks);
      const [left] = subtractRanges(covered, tasks);
      if (left) throw new RangeError(`Cannot save a snapshot without the tasks [${left}]: the one before has them`);
      writer.flushInto(() => snapshots.save(data, tasks), tasks, covered);
      covered = tasks;
    },
    snapshot: snapshots.load,
    finish: (how) => {
      writer.flush(() => setOutcome.run(how));
      outcome = how;
    },
    close: database.close,
  };
}
