/**
 * The hot frames: many tasks or results in one body, each with a fixed header and its payload at a multiple of eight.
 *
 * @module
 */
import { damaged } from "./errors.ts";
import { align8 } from "./frame.ts";
import type { ResultEntry, TaskEntry } from "./protocol.ts";

/** The length of a task's header, in bytes. */
export const taskHeaderBytes = 24;
/** The length of a result's header, in bytes. */
export const resultHeaderBytes = 32;
/** The length of a batch's own header, in bytes. */
export const batchHeaderBytes = 8;

const uint32Max = 2 ** 32 - 1;
const highUint32 = 2 ** 32;
const statusOk = 0;
const statusFailed = 1;

/** A task without its payload. */
export type TaskHead = Omit<TaskEntry, "payload">;
/** A result without its payload. */
export type ResultHead = Omit<ResultEntry, "payload">;

/** Writes a task's header. @throws {RangeError} If a number does not fit its field. */
export function writeTaskHead(view: DataView, at: number, head: TaskHead, payloadLength: number): void {
  writeUint64(view, at, whole("task", head.task, 0, Number.MAX_SAFE_INTEGER));
  view.setUint32(at + 8, whole("attempt", head.attempt, 0, uint32Max), true);
  if (!(head.timeoutMs >= 0)) throw new RangeError(`timeoutMs is ${head.timeoutMs}: it must be 0 or more`);
  view.setUint32(at + 12, Math.min(Math.ceil(head.timeoutMs), uint32Max), true);
  view.setUint32(at + 16, payloadLength, true);
  view.setUint32(at + 20, 0, true);
}

/** Writes a result's header. @throws {RangeError} If a number does not fit its field. */
export function writeResultHead(view: DataView, at: number, head: ResultHead, payloadLength: number): void {
  writeUint64(view, at, whole("task", head.task, 0, Number.MAX_SAFE_INTEGER));
  if (!(head.elapsedMs >= 0 && head.elapsedMs < Infinity)) {
    throw new RangeError(`elapsedMs is ${head.elapsedMs}: it must be 0 or more`);
  }
  view.setFloat64(at + 8, head.elapsedMs, true);
  view.setUint32(at + 16, whole("attempt", head.attempt, 0, uint32Max), true);
  view.setUint32(at + 20, head.status === "ok" ? statusOk : statusFailed, true);
  view.setUint32(at + 24, payloadLength, true);
  view.setUint32(at + 28, 0, true);
}

/** Reads a task's header, and puts its payload to it. @throws {WireError} code `batch-invalid` */
export function readTask(view: DataView, at: number, payload: Uint8Array): TaskEntry {
  if (view.getUint32(at + 20, true) !== 0) throw damaged("batch-invalid", "the reserved field of a task is not zero");
  return {
    task: readTaskNumber(view, at),
    attempt: view.getUint32(at + 8, true),
    timeoutMs: view.getUint32(at + 12, true),
    payload,
  };
}

/** Reads a result's header, and puts its payload to it. @throws {WireError} code `batch-invalid` */
export function readResult(view: DataView, at: number, payload: Uint8Array): ResultEntry {
  const elapsedMs = view.getFloat64(at + 8, true);
  const status = view.getUint32(at + 20, true);
  if (!(elapsedMs >= 0 && elapsedMs < Infinity)) throw damaged("batch-invalid", `a result's time is ${elapsedMs} ms`);
  if (status > statusFailed) throw damaged("batch-invalid", `a result's status is ${status}`);
  if (view.getUint32(at + 28, true) !== 0) throw damaged("batch-invalid", "the reserved field of a result is not zero");
  return {
    task: readTaskNumber(view, at),
    attempt: view.getUint32(at + 16, true),
    status: status === statusOk ? "ok" : "failed",
    elapsedMs,
    payload,
  };
}

/** How a kind of entry is laid out. */
export interface EntryLayout<Head, Entry = Head & { readonly payload: Uint8Array }> {
  readonly headBytes: number;
  /** Where in the header the payload's length stands. */
  readonly lengthAt: number;
  readonly write: (view: DataView, at: number, head: Head, payloadLength: number) => void;
  readonly read: (view: DataView, at: number, payload: Uint8Array) => Entry;
}

/** The layout of a tasks frame. */
export const taskLayout: EntryLayout<TaskHead, TaskEntry> = {
  headBytes: taskHeaderBytes,
  lengthAt: 16,
  write: writeTaskHead,
  read: readTask,
};

/** The layout of a results frame. */
export const resultLayout: EntryLayout<ResultHead, ResultEntry> = {
  headBytes: resultHeaderBytes,
  lengthAt: 24,
  write: writeResultHead,
  read: readResult,
};

/** How many bytes an entry takes in a batch. */
export function entryBytes(layout: { readonly headBytes: number }, payload: Uint8Array): number {
  return layout.headBytes + align8(payload.length);
}

/** Writes a batch of entries. */
export function encodeBatch<Head>(
  layout: EntryLayout<Head>,
  entries: readonly (Head & { readonly payload: Uint8Array })[],
): Uint8Array<ArrayBuffer> {
  let length = batchHeaderBytes;
  for (const entry of entries) length += entryBytes(layout, entry.payload);
  const body = new Uint8Array(length);
  const view = new DataView(body.buffer);
  view.setUint32(0, entries.length, true);
  let at = batchHeaderBytes;
  for (const entry of entries) {
    const { payload } = entry;
    layout.write(view, at, entry, payload.length);
    copyBytes(payload, body, at + layout.headBytes);
    at += entryBytes(layout, payload);
  }
  return body;
}

/** Below this length, bytes are copied one by one: cheaper than a call of `set`. */
const copyBytesMin = 32;

function copyBytes(from: Uint8Array, to: Uint8Array, at: number): void {
  if (from.length >= copyBytesMin) return to.set(from, at);
  for (let index = 0; index < from.length; index++) to[at + index] = from[index];
}

/** Reads a batch of entries; their payloads are views of `body`. @throws {WireError} code `batch-invalid` */
export function decodeBatch<Head, Entry>(layout: EntryLayout<Head, Entry>, body: Uint8Array): Entry[] {
  if (body.length < batchHeaderBytes) throw damaged("batch-invalid", `a batch has ${body.length} bytes`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const count = view.getUint32(0, true);
  if (count > (body.length - batchHeaderBytes) / layout.headBytes || view.getUint32(4, true) !== 0) {
    throw damaged("batch-invalid", `a batch of ${body.length} bytes announces ${count} entries`);
  }
  const entries: Entry[] = [];
  let at = batchHeaderBytes;
  for (let i = 0; i < count; i++) {
    const start = at + layout.headBytes;
    if (start > body.length) throw damaged("batch-invalid", `entry ${i} of ${count} is missing`);
    const length = view.getUint32(at + layout.lengthAt, true);
    if (length > body.length - start) {
      throw damaged("batch-invalid", `entry ${i} of ${count} announces ${length} bytes`);
    }
    entries.push(layout.read(view, at, new Uint8Array(body.buffer, body.byteOffset + start, length)));
    at = start + align8(length);
  }
  if (at !== body.length) throw damaged("batch-invalid", `a batch has ${body.length} bytes and its entries ${at}`);
  return entries;
}

/** Writes a whole number up to 2^53 - 1 as 64 bits. */
export function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % highUint32, true);
  view.setUint32(at + 4, Math.floor(value / highUint32), true);
}

/** Reads 64 bits as a number; inexact above 2^53. */
export function readUint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * highUint32;
}

/** Reads the number of a task. @throws {WireError} code `batch-invalid` */
export function readTaskNumber(view: DataView, at: number): number {
  const task = readUint64(view, at);
  if (!Number.isSafeInteger(task)) throw damaged("batch-invalid", `a task's number is ${task}`);
  return task;
}

/** Checks a number that is to be written. @throws {RangeError} If it is not whole or out of its bounds. */
export function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name} is ${value}: it must be a whole number from ${min} to ${max}`);
}
