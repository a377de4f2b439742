/** The log of a job: what became of each task. @module */
import { visible, visibleJson } from "../../actors/visible.ts";
import type { Evidence } from "../../job/types.ts";
import { type Database, openToRead } from "./database.ts";
import { damaged } from "./errors.ts";
import { knownOf } from "./task_row.ts";
import type { TaskOutcome } from "./types.ts";

/** How many rows are read at once; between two reads the server that writes the journal can tidy up. */
const pageRows = 1_000;

/** What became of one task. */
export interface JobLogEntry {
  /** The task's number, from 0. */
  readonly task: number;
  /** When its last attempt began, as an ISO date in UTC. */
  readonly start: string;
  /** How long that attempt computed, in seconds, to the millisecond. */
  readonly seconds: number;
  /** The name of the node that computed it. */
  readonly node: string;
  /** How many attempts were made. */
  readonly attempts: number;
  /** How it ended. */
  readonly outcome: TaskOutcome;
  /** Why, in one line; where it failed. */
  readonly reason?: string;
  /** What its latest attempts ended with, lost nodes among them; where it failed. */
  readonly evidence?: readonly Evidence[];
}

interface LogRow extends Omit<JobLogEntry, "start" | "seconds" | "reason" | "evidence"> {
  readonly started: number;
  readonly elapsed: number;
  /** What is known of a failure. */
  readonly known: Uint8Array | null;
}

function entryOf(path: string, { task, started, elapsed, node, attempts, outcome, known }: LogRow): JobLogEntry {
  try {
    const start = new Date(started).toISOString();
    const entry = { task, start, seconds: Math.round(elapsed) / 1000, node, attempts, outcome };
    if (!known) return entry;
    const { message: reason, evidence } = knownOf(known);
    return { ...entry, reason, evidence: JSON.parse(evidence) };
  } catch {
    throw damaged(path, `what it holds of task ${task} is not what was written`);
  }
}

function* entries({ path, prepare }: Database): Generator<JobLogEntry> {
  const select = prepare(
    "SELECT task, started, elapsed, node, attempts, outcome, " +
      "CASE WHEN outcome <> 'collected' THEN payload END AS known " +
      `FROM task WHERE task > ? ORDER BY task LIMIT ${pageRows}`,
  );
  for (let last = -1;;) {
    const rows = select.all(last) as unknown as LogRow[];
    for (const row of rows) yield entryOf(path, row);
    if (rows.length < pageRows) return;
    last = rows[rows.length - 1].task;
  }
}

/**
 * Reads the log of a job from its journal, in the order of task numbers, also while a server writes to it. It needs
 * permission to read the file only.
 *
 * @throws {JournalError} codes `journal-missing`, `journal-format`, `journal-damaged` or `journal-io`, when the first
 * entry is asked for.
 *
 * @example
 * ```ts
 * for (const { task, seconds, node } of readJobLog("pi.journal")) report(task, seconds, node);
 * ```
 */
export function* readJobLog(path: string): Generator<JobLogEntry> {
  const database = openToRead(path);
  try {
    yield* entries(database);
  } finally {
    database.close();
  }
}

const columns = ["task", "start", "seconds", "node", "attempts", "outcome", "reason"] as const;

/** A name in a table with tabs. */
function cell(value: string | number = ""): string {
  // deno-lint-ignore no-control-regex -- these are what would break the table
  const shown = String(value).replace(/[\x00-\x1f\\]/g, (mark) => {
    return mark === "\\" ? "\\\\" : JSON.stringify(mark).slice(1, -1);
  });
  return visible(shown);
}

/**
 * The lines of a log, without their ends: a table with tabs and a line of titles, or one JSON object a line.
 *
 * @example
 * ```ts
 * [...formatJobLog(readJobLog("pi.journal"), "tsv")][1]; // "0\t2026-01-01T00:00:00.000Z\t1.5\tlab1\t1\tcollected"
 * ```
 */
export function* formatJobLog(log: Iterable<JobLogEntry>, format: "tsv" | "json"): Generator<string> {
  if (format === "tsv") yield columns.join("\t");
  for (const entry of log) {
    yield format === "json" ? visibleJson(JSON.stringify(entry)) : columns.map((name) => cell(entry[name])).join("\t");
  }
}
