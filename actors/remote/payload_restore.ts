/**
 * The way back: a tree as msgpackr has read it, with its specials restored and its binary data in place.
 *
 * @module
 */
import { PayloadError } from "./errors.ts";
import { align8 } from "./frame.ts";
import { binaryKinds, errorClasses, tag } from "./payload_kinds.ts";
import { mark } from "./payload_msgpack.ts";

interface State {
  readonly bytes: Uint8Array;
  /** Where the next block starts. */
  at: number;
  /** Every object, in the order in which the writer met it. */
  readonly objects: object[];
}

type ViewClass = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => ArrayBufferView;

/**
 * Restores the specials of a tree, in place where that can be.
 *
 * @param bytes The whole payload
 * @param blocksAt Where its first block starts
 * @throws {PayloadError} code `payload-corrupt`
 */
export function restoreSpecials(tree: unknown, bytes: Uint8Array, blocksAt: number): unknown {
  const state: State = { bytes, at: blocksAt, objects: [] };
  const value = restore(tree, state);
  if (align8(state.at) < bytes.length) throw corrupt("there are bytes behind the last block");
  return value;
}

function restore(value: unknown, state: State): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    if (value[0] === mark) return restoreSpecial(value, state);
    state.objects.push(value);
    for (let i = 0; i < value.length; i++) value[i] = restore(value[i], state);
    return value;
  }
  if (value === mark || value instanceof Uint8Array) throw corrupt("a special stands alone");
  state.objects.push(value);
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) record[key] = restore(record[key], state);
  return record;
}

function restoreSpecial(list: unknown[], state: State): unknown {
  switch (list[1]) {
    case tag.reference: {
      const object = state.objects[list[2] as number];
      if (object === undefined) throw corrupt(`there is no object ${list[2]}`);
      return object;
    }
    case tag.negativeZero:
      return -0;
    case tag.bigint:
      return restoreBigint(list[2], list[3]);
    case tag.text:
      return restoreText(list[2]);
    case tag.date:
      return keep(state, new Date(list[2] as number));
    case tag.map:
      return restoreMap(list, state);
    case tag.set: {
      const set = keep(state, new Set<unknown>());
      for (let i = 2; i < list.length; i++) set.add(restore(list[i], state));
      return set;
    }
    case tag.error:
      return restoreError(list, state);
    case tag.regexp:
      return restoreRegExp(list, state);
    case tag.object:
      return restoreRecord(list, state);
    case tag.binary:
      return keep(state, restoreBinary(list[2], list[3]));
    case tag.block:
      return keep(state, restoreBlock(list[2], list[3], state));
    default:
      throw corrupt(`there is no special ${String(list[1])}`);
  }
}

function keep<T extends object>(state: State, object: T): T {
  state.objects.push(object);
  return object;
}

function restoreBigint(digits: unknown, negative: unknown): bigint {
  if (typeof digits !== "string" || !/^[0-9a-f]+$/.test(digits)) throw corrupt("a bigint has no digits");
  const value = BigInt(`0x${digits}`);
  return negative ? -value : value;
}

function restoreText(bytes: unknown): string {
  if (!(bytes instanceof Uint8Array) || bytes.length % 2 !== 0) throw corrupt("a text has no code units");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) {
    const units: number[] = [];
    for (let i = at; i < Math.min(at + 8192, bytes.length); i += 2) units.push(view.getUint16(i, true));
    parts.push(String.fromCharCode(...units));
  }
  return parts.join("");
}

function restoreMap(list: unknown[], state: State): Map<unknown, unknown> {
  if (list.length % 2 !== 0) throw corrupt("a map has a key without a value");
  const map = keep(state, new Map<unknown, unknown>());
  for (let i = 2; i < list.length; i += 2) {
    const key = restore(list[i], state);
    map.set(key, restore(list[i + 1], state));
  }
  return map;
}

/** Defines each property, so that a key such as `__proto__` is a key like any other. */
function restoreRecord(list: unknown[], state: State): object {
  if (list.length % 2 !== 0) throw corrupt("an object has a key without a value");
  const record = keep(state, {});
  for (let i = 2; i < list.length; i += 2) {
    const key = restoreString(list[i], state);
    const value = restore(list[i + 1], state);
    Object.defineProperty(record, key, { value, configurable: true, enumerable: true, writable: true });
  }
  return record;
}

function restoreString(value: unknown, state: State): string {
  const text = restore(value, state);
  if (typeof text !== "string") throw corrupt("a text is none");
  return text;
}

function restoreRegExp(list: unknown[], state: State): RegExp {
  // The place is taken before the source is read, as the writer did.
  const at = state.objects.push({}) - 1;
  const pattern = new RegExp(restoreString(list[2], state), restoreString(list[3], state));
  state.objects[at] = pattern;
  return pattern;
}

function restoreError(list: unknown[], state: State): Error {
  const [, , kind, name, message, stack, hasCause, cause, errors] = list;
  const ownName = restoreString(name, state);
  const text = restoreString(message, state);
  const errorClass = errorClasses[kind as number];
  if (!errorClass) throw corrupt(`there is no error class ${String(kind)}`);
  const error = keep(state, kind === 0 ? new AggregateError([], text) : new errorClass(text));
  const define = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, configurable: true, enumerable: false, writable: true });
  if (error.name !== ownName) define("name", ownName);
  define("stack", restore(stack, state));
  if (hasCause === true) define("cause", restore(cause, state));
  if (Array.isArray(errors)) define("errors", restore(errors, state));
  return error;
}

function restoreBinary(kind: unknown, bytes: unknown): object {
  if (!(bytes instanceof Uint8Array)) throw corrupt("binary data is missing");
  // A copy: within the head it is not aligned, and it is short.
  return makeView(kind, new Uint8Array(bytes).buffer, 0, bytes.length);
}

function restoreBlock(kind: unknown, length: unknown, state: State): object {
  const { bytes } = state;
  if (!Number.isSafeInteger(length) || (length as number) < 0 || (length as number) > bytes.length - state.at) {
    throw corrupt(`a block of ${String(length)} bytes is not there`);
  }
  const start = state.at;
  const end = start + (length as number);
  state.at = align8(end);
  const offset = bytes.byteOffset + start;
  if (offset % 8 !== 0 || binaryKinds[kind as number] === "ArrayBuffer") {
    return makeView(kind, new Uint8Array(bytes.subarray(start, end)).buffer, 0, end - start);
  }
  return makeView(kind, bytes.buffer, offset, end - start);
}

function makeView(kind: unknown, buffer: ArrayBufferLike, offset: number, byteLength: number): object {
  const name = binaryKinds[kind as number];
  if (name === "ArrayBuffer") return buffer;
  const viewClass = name && (globalThis as Record<string, unknown>)[name];
  if (typeof viewClass !== "function") throw corrupt(`there is no binary kind ${String(kind)} here`);
  const width = (viewClass as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
  if (byteLength % width !== 0) throw corrupt(`${byteLength} bytes do not make a ${name}`);
  return new (viewClass as ViewClass)(buffer, offset, byteLength / width);
}

function corrupt(what: string): PayloadError {
  return new PayloadError("payload-corrupt", `the bytes do not hold a value: ${what}`);
}
