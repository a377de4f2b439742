/** The table of tasks that ended. @module */
import type { Database } from "./database.ts";
import { damaged } from "./errors.ts";
import { join, split } from "./parts.ts";
import { partBytesMax } from "./schema.ts";
import { sealOf, type TaskRow } from "./task_row.ts";
import type { TaskOutcome, TaskRange } from "./types.ts";

/** How many rows are read ahead: a resumed job asks for one task after another, and a query costs more than a row. */
const readAheadRows = 256;
/** Results that are larger are read when they are asked for, in bytes. */
const readAheadBytesMax = 4_096;

/** How many tasks ended, and the greatest number of one; -1 if there is none. */
export interface TaskCounts {
  readonly collected: number;
  readonly failed: number;
  readonly last: number;
}

/** See {@linkcode createTaskTable}. */
export interface TaskTable {
  readonly insert: (row: TaskRow) => void;
  /** @throws {JournalError} code `journal-damaged`, if it is not what was inserted. */
  readonly find: (task: number) => TaskRow | undefined;
  /** Drops the results of tasks, and keeps their rows. */
  readonly cover: (tasks: readonly TaskRange[]) => void;
  readonly forgetFailures: () => void;
  /** Drops the result of a task. @returns whether there was one */
  readonly remove: (task: number) => boolean;
  readonly count: () => TaskCounts;
}

type FoundRow = TaskRow & { readonly sum: number };

/** Finds rows, and those that will probably be asked for next. */
function createFinder({ prepare }: Pick<Database, "prepare">) {
  const select = prepare("SELECT * FROM task WHERE task = ?");
  const selectNext = prepare(
    `SELECT * FROM task WHERE task >= ? AND task < ? AND length(payload) <= ${readAheadBytesMax}`,
  );
  let ahead = new Map<number, FoundRow>();
  let previous: FoundRow | undefined;
  return {
    find: (task: number): FoundRow | undefined => {
      const isNext = previous?.task === task - 1 && (previous.payload?.length ?? 0) <= readAheadBytesMax;
      if (isNext && !ahead.has(task)) {
        const rows = selectNext.all(task, task + readAheadRows) as unknown as FoundRow[];
        ahead = new Map(rows.map((row) => [row.task, row]));
      }
      previous = ahead.get(task) ?? select.get(task) as FoundRow | undefined;
      return previous;
    },
    /** Rows have changed. */
    forget: (): void => void (ahead = new Map()),
  };
}

/** Prepares the statements over the table. */
export function createTaskTable({ path, prepare }: Pick<Database, "path" | "prepare">): TaskTable {
  const insertTask = prepare("INSERT INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const insertPart = prepare("INSERT INTO part VALUES (?, ?, ?)");
  const finder = createFinder({ prepare });
  const selectParts = prepare("SELECT data FROM part WHERE task = ? ORDER BY part");
  const failedTasks = "SELECT task FROM task WHERE outcome <> 'collected'";
  const coverParts = prepare(`DELETE FROM part WHERE task BETWEEN ? AND ? AND task NOT IN (${failedTasks})`);
  const coverTasks = prepare("UPDATE task SET payload = NULL WHERE task BETWEEN ? AND ? AND outcome = 'collected'");
  const forgetParts = prepare(`DELETE FROM part WHERE task IN (${failedTasks})`);
  const forgetTasks = prepare("DELETE FROM task WHERE outcome <> 'collected'");
  const removeParts = prepare("DELETE FROM part WHERE task = ?");
  const removeTask = prepare("DELETE FROM task WHERE task = ?");
  const counts = prepare("SELECT outcome, count(*) AS count, max(task) AS last FROM task GROUP BY outcome");

  return {
    insert: (row) => {
      const { task, outcome, attempt, attempts, node, started, elapsed, hash, payload } = row;
      const parts = payload === null ? [] : split(payload);
      const sum = sealOf(row, parts);
      insertTask.run(task, outcome, attempt, attempts, node, started, elapsed, hash, sum, parts[0] ?? null);
      for (let part = 1; part < parts.length; part++) insertPart.run(task, part, parts[part]);
    },
    find: (task) => {
      const row = finder.find(task);
      if (row === undefined || (row.payload === null && row.outcome === "collected")) return row;
      const parts = row.payload === null ? [] : [row.payload];
      if (parts[0]?.length === partBytesMax) {
        parts.push(...selectParts.all(task).map(({ data }) => data as Uint8Array));
      }
      if (sealOf(row, parts) !== row.sum) throw damaged(path, `what it holds of task ${task} is not what was written`);
      return parts.length === 1 ? row : { ...row, payload: join(parts) };
    },
    cover: (ranges) => {
      finder.forget();
      for (const [first, last] of ranges) {
        coverParts.run(first, last);
        coverTasks.run(first, last);
      }
    },
    forgetFailures: () => {
      finder.forget();
      forgetParts.run();
      forgetTasks.run();
    },
    remove: (task) => {
      if (finder.find(task)?.outcome !== "collected") return false;
      finder.forget();
      removeParts.run(task);
      removeTask.run(task);
      return true;
    },
    count: () => {
      const rows = counts.all() as unknown as { outcome: TaskOutcome; count: number; last: number }[];
      const sum = (of: typeof rows) => of.reduce((total, { count }) => total + count, 0);
      const collected = sum(rows.filter(({ outcome }) => outcome === "collected"));
      return { collected, failed: sum(rows) - collected, last: Math.max(-1, ...rows.map(({ last }) => last)) };
    },
  };
}
