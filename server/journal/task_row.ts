/** A task that ended, as the table has it. Pure functions. @module */
import { crc32 } from "node:zlib";
import type { StoredFailure, StoredResult, TaskOutcome } from "./types.ts";

/** The row, without its seal. */
export interface TaskRow {
  readonly task: number;
  readonly outcome: TaskOutcome;
  readonly attempt: number;
  readonly attempts: number;
  readonly node: string;
  /** In milliseconds since 1970, whole. */
  readonly started: number;
  /** In milliseconds. */
  readonly elapsed: number;
  readonly hash: string;
  /** `null` if the result is in the snapshot. */
  readonly payload: Uint8Array | null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

// What a node tells of itself must not keep anything else from the disk: what SQLite cannot store is put right.
const duration = (ms: number): number => Number.isFinite(ms) ? ms : 0;
let latest = { given: "", name: "" };
/** Results come in batches from one node, so the latest name is nearly always the next one, too. */
function nameOf(given: string): string {
  if (given !== latest.given) latest = { given, name: given.toWellFormed().replaceAll("\0", "\ufffd") };
  return latest.name;
}

/** What results and failures have in common. */
function commonOf({ task, attempts, node, startedAt, elapsedMs, taskHash }: StoredResult | StoredFailure) {
  const [started, elapsed] = [Math.round(startedAt), duration(elapsedMs)];
  return { task, attempts, node: nameOf(node), started, elapsed, hash: taskHash };
}

/** The row of a result. */
export function resultRow(result: StoredResult): TaskRow {
  const { attempt, payload } = result;
  const { task, attempts, node, startedAt, elapsedMs, taskHash: hash } = result;
  const [started, elapsed] = [Math.round(startedAt), duration(elapsedMs)];
  return { task, attempts, node: nameOf(node), started, elapsed, hash, outcome: "collected", attempt, payload };
}

/** The row of a failure; its payload is what is known of it, as JSON. */
export function failureRow(failure: StoredFailure): TaskRow {
  const { outcome, attempts, message, evidence } = failure;
  const payload = encoder.encode(JSON.stringify({ message, evidence }));
  return { ...commonOf(failure), outcome, attempt: attempts, payload };
}

/** The result in a row, if it has one. */
export function resultOf(row: TaskRow | undefined): StoredResult | undefined {
  if (row?.outcome !== "collected" || row.payload === null) return undefined;
  const { task, attempt, attempts, node, started, elapsed, hash, payload } = row;
  return { task, attempt, attempts, node, startedAt: started, elapsedMs: elapsed, taskHash: hash, payload };
}

/** What is known of a failure, out of its payload. */
export function knownOf(payload: Uint8Array): Pick<StoredFailure, "message" | "evidence"> {
  return JSON.parse(decoder.decode(payload));
}

/** The failure in a row, if it has one. */
export function failureOf(row: TaskRow | undefined): StoredFailure | undefined {
  if (row === undefined || row.outcome === "collected") return undefined;
  const { task, outcome, attempts, node, started, elapsed, hash } = row;
  const { message, evidence } = knownOf(row.payload!);
  return { task, attempts, outcome, node, startedAt: started, elapsedMs: elapsed, taskHash: hash, message, evidence };
}

/** A CRC-32 of all that is in a row: SQLite itself does not check that values are those that were written. */
export function sealOf(row: TaskRow, parts: readonly Uint8Array[]): number {
  const { task, outcome, attempt, attempts, node, started, elapsed, hash } = row;
  const sum = crc32(`${task} ${outcome} ${attempt} ${attempts} ${node} ${started} ${elapsed} ${hash} ${parts.length}`);
  return parts.reduce((before, part) => crc32(part, before), sum);
}
