/**
 * Tasks and results on their way between the I/O thread and a worker: many in one buffer, which is transferred. A
 * table of numbers comes first, then the payloads, each at a multiple of 8 bytes so that typed arrays in them can be
 * used where they lie. Large payloads travel alone instead, each in the buffer that it has.
 *
 * @module
 */
import type { ResultEntry, TaskEntry } from "../actors/remote/protocol.ts";

const columns = 3;
const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** The results of one worker, in the order of their tasks, before they are packed. */
export interface ResultColumns {
  readonly failed: boolean[];
  readonly elapsedMs: number[];
  readonly payloads: Uint8Array[];
}

/** Calls back for each entry of a packed batch, without making an object for it. */
type Visit = (first: number, second: number, payload: Uint8Array) => void;

function allocate(count: number, payload: (index: number) => Uint8Array): { table: Float64Array; bytes: Uint8Array } {
  let size = count * columns * 8;
  for (let index = 0; index < count; index++) size += aligned(payload(index).byteLength);
  const buffer = new ArrayBuffer(size);
  return { table: new Float64Array(buffer, 0, count * columns), bytes: new Uint8Array(buffer) };
}

function pack(
  count: number,
  first: (index: number) => number,
  second: (index: number) => number,
  payload: (index: number) => Uint8Array,
): ArrayBuffer {
  const { table, bytes } = allocate(count, payload);
  let offset = count * columns * 8;
  for (let index = 0; index < count; index++) {
    const data = payload(index);
    table[index * columns] = first(index);
    table[index * columns + 1] = second(index);
    table[index * columns + 2] = data.byteLength;
    bytes.set(data, offset);
    offset += aligned(data.byteLength);
  }
  return bytes.buffer as ArrayBuffer;
}

/** Copies tasks into a fresh buffer. */
export const packTasks = (tasks: readonly TaskEntry[]): ArrayBuffer =>
  pack(tasks.length, (index) => tasks[index].task, (index) => tasks[index].attempt, (index) => tasks[index].payload);

/** Copies results into a fresh buffer. */
export const packResults = (results: ResultColumns): ArrayBuffer =>
  pack(
    results.payloads.length,
    (index) => results.failed[index] ? 1 : 0,
    (index) => results.elapsedMs[index],
    (index) => results.payloads[index],
  );

/** Reads one entry after the other; see {@linkcode openBatch}. */
export interface BatchReader {
  /** How many entries there are. */
  readonly count: number;
  /** How many were read. */
  readonly read: () => number;
  /** Reads the next entry, which must be there. The payload is a view. */
  readonly next: (visit: Visit) => void;
}

/** A batch of one task that travelled alone. */
export function openOne({ task, attempt, payload }: Omit<TaskEntry, "timeoutMs">): BatchReader {
  let read = 0;
  return {
    count: 1,
    read: () => read,
    next: (visit) => {
      read++;
      visit(task, attempt, payload);
    },
  };
}

/** Opens what {@linkcode packTasks} or {@linkcode packResults} made. */
export function openBatch(batch: ArrayBuffer, count: number): BatchReader {
  const table = new Float64Array(batch, 0, count * columns);
  let offset = count * columns * 8;
  let index = 0;
  return {
    count,
    read: () => index,
    next: (visit) => {
      const at = index++ * columns;
      const length = table[at + 2];
      const payload = new Uint8Array(batch, offset, length);
      offset += aligned(length);
      visit(table[at], table[at + 1], payload);
    },
  };
}

/** Reads packed results. `tasks` are the tasks that they belong to, in the same order. */
export function readResults(batch: ArrayBuffer, count: number, task: (index: number) => TaskEntry): ResultEntry[] {
  const reader = openBatch(batch, count);
  const results: ResultEntry[] = [];
  const visit: Visit = (failed, elapsedMs, payload) => {
    const entry = task(results.length);
    const status = failed === 1 ? "failed" : "ok";
    results.push({ task: entry.task, attempt: entry.attempt, status, elapsedMs, payload });
  };
  while (reader.read() < count) reader.next(visit);
  return results;
}
