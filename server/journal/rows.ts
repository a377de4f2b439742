/** The rows of ended tasks: written, sealed, and read back. @module */
import { crc32 } from "node:zlib";
import type { Database, Row } from "./database.ts";
import { damaged } from "./errors.ts";
import { partBytesMax } from "./schema.ts";
import type { StoredFailure, StoredResult, TaskOutcome } from "./types.ts";

/** A task that ended, as the table has it. */
export interface TaskRow {
  readonly task: number;
  readonly outcome: TaskOutcome;
  readonly attempt: number;
  readonly attempts: number;
  readonly node: string;
  readonly started: number;
  readonly elapsed: number;
  readonly hash: string;
  /** `undefined` if the result is in the snapshot. */
  readonly payload: Uint8Array | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The row of a result. */
export function resultRow(result: StoredResult): TaskRow {
  const { task, attempt, attempts, node, startedAt, elapsedMs, taskHash, payload } = result;
  const started = Math.round(startedAt);
  return { task, outcome: "collected", attempt, attempts, node, started, elapsed: elapsedMs, hash: taskHash, payload };
}

/** The row of a failure; its payload is what is known of it, as JSON. */
export function failureRow(failure: StoredFailure): TaskRow {
  const { task, outcome, attempts, node, startedAt, elapsedMs, taskHash, message, evidence } = failure;
  const payload = encoder.encode(JSON.stringify({ message, evidence }));
  const started = Math.round(startedAt);
  return { task, outcome, attempt: attempts, attempts, node, started, elapsed: elapsedMs, hash: taskHash, payload };
}

/** The result in a row. */
export function rowResult(row: TaskRow, payload: Uint8Array): StoredResult {
  const { task, attempt, attempts, node, started, elapsed, hash } = row;
  return { task, attempt, attempts, node, startedAt: started, elapsedMs: elapsed, taskHash: hash, payload };
}

/** The failure in a row. */
export function rowFailure(row: TaskRow, payload: Uint8Array): StoredFailure {
  const { task, attempts, node, started, elapsed, hash } = row;
  const outcome = row.outcome as StoredFailure["outcome"];
  const { message, evidence } = JSON.parse(decoder.decode(payload));
  return { task, attempts, outcome, node, startedAt: started, elapsedMs: elapsed, taskHash: hash, message, evidence };
}

/** What SQLite itself does not check: that the values of a row are those that were written. */
function seal(row: TaskRow, parts: Iterable<Uint8Array>): number {
  const { task, outcome, attempt, attempts, node, started, elapsed, hash } = row;
  let sum = crc32(`${task} ${outcome} ${attempt} ${attempts} ${node} ${started} ${elapsed} ${hash}`);
  for (const part of parts) sum = crc32(part, sum);
  return sum;
}

/** A payload in pieces that SQLite takes; at least one. */
export function split(payload: Uint8Array, bytesMax: number = partBytesMax): Uint8Array[] {
  const count = Math.max(1, Math.ceil(payload.length / bytesMax));
  return Array.from({ length: count }, (_, i) => payload.subarray(i * bytesMax, (i + 1) * bytesMax));
}

/** The pieces of a payload in one. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** The table of ended tasks. */
export interface TaskTable {
  /** Writes a row; without its payload if the result is in the snapshot. */
  readonly insert: (row: TaskRow) => void;
  readonly find: (task: number) => TaskRow | undefined;
  /** Drops the results of tasks, and keeps their rows. */
  readonly cover: (first: number, last: number) => void;
  readonly forgetFailures: () => void;
  /** How many rows there are of each outcome, and the greatest task number. */
  readonly count: () => { collected: number; failed: number; last: number };
}

/** Prepares the statements over the table of ended tasks. */
export function createTaskTable({ path, prepare }: Pick<Database, "path" | "prepare">): TaskTable {
  const insertTask = prepare("INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const insertPart = prepare("INSERT INTO part VALUES (?, ?, ?)");
  const selectTask = prepare("SELECT * FROM task WHERE task = ?");
  const selectParts = prepare("SELECT data FROM part WHERE task = ? ORDER BY part");
  const coverTasks = prepare(
    "UPDATE task SET payload = NULL, sum = 0 WHERE task BETWEEN ? AND ? AND outcome = 'collected'",
  );
  const coverParts = prepare("DELETE FROM part WHERE task BETWEEN ? AND ?");
  const forgetParts = prepare("DELETE FROM part WHERE task IN (SELECT task FROM task WHERE outcome <> 'collected')");
  const forgetTasks = prepare("DELETE FROM task WHERE outcome <> 'collected'");
  const counts = prepare("SELECT outcome, count(*) AS count, max(task) AS last FROM task GROUP BY outcome");

  return {
    insert: (row) => {
      const { task, outcome, attempt, attempts, node, started, elapsed, hash, payload } = row;
      const parts = payload === undefined ? [] : split(payload);
      const sum = payload === undefined ? 0 : seal(row, parts);
      insertTask.run(task, outcome, attempt, attempts, node, started, elapsed, hash, sum, parts[0] ?? null);
      for (let part = 1; part < parts.length; part++) insertPart.run(task, part, parts[part]);
    },
    find: (task) => {
      const found = selectTask.get(task);
      if (found === undefined) return undefined;
      const row = found as unknown as TaskRow & { readonly sum: number; readonly payload: Uint8Array | null };
      if (row.payload === null) return { ...row, payload: undefined };
      const size = row.payload.length;
      const rest: Row[] = size < partBytesMax ? [] : selectParts.all(task);
      const parts = [row.payload, ...rest.map(({ data }) => data as Uint8Array)];
      if (seal(row, parts) !== row.sum) throw damaged(path, `the result of task ${task} is not what was written`);
      return { ...row, payload: join(parts) };
    },
    cover: (first, last) => {
      coverParts.run(first, last);
      coverTasks.run(first, last);
    },
    forgetFailures: () => {
      forgetParts.run();
      forgetTasks.run();
    },
    count: () => {
      const rows = counts.all() as { outcome: TaskOutcome; count: number; last: number }[];
      const sum = (of: typeof rows) => of.reduce((total, { count }) => total + count, 0);
      const collected = rows.filter(({ outcome }) => outcome === "collected");
      const last = Math.max(-1, ...rows.map((row) => row.last));
      return { collected: sum(collected), failed: sum(rows) - sum(collected), last };
    },
  };
}
