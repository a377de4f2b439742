/**
 * A value with its specials replaced by what MessagePack has, and its binary data set aside. It also finds what cannot
 * travel, and says where that is.
 *
 * @module
 */
import { PayloadError } from "./errors.ts";
import { binaryKinds, blockBytesMin, errorClasses, tag } from "./payload_kinds.ts";
import { mark } from "./payload_msgpack.ts";
import { formatPath, type Step } from "./payload_path.ts";
import { depthMax, isPlainBigint, isPlainKey, isPlainText } from "./payload_scan.ts";

/** A value as msgpackr can write it. */
export interface Replaced {
  readonly tree: unknown;
  /** Binary data in the order in which the tree refers to it. */
  readonly blocks: readonly Uint8Array[];
  /** How many plain objects the tree holds. */
  readonly objects: number;
}

interface State {
  readonly rootName: string;
  /** From the root to the value at hand. */
  readonly path: Step[];
  /** Every object that was met, with its number. */
  readonly numbers: Map<object, number>;
  readonly blocks: Uint8Array[];
  objects: number;
}

/** Replaces the specials of a value. @throws {PayloadError} code `payload-unsupported` */
export function replaceSpecials(value: unknown, rootName: string): Replaced {
  const state: State = { rootName, path: [], numbers: new Map(), blocks: [], objects: 0 };
  const tree = replace(value, state);
  return { tree, blocks: state.blocks, objects: state.objects };
}

function replace(value: unknown, state: State): unknown {
  switch (typeof value) {
    case "number":
      return Object.is(value, -0) ? [mark, tag.negativeZero] : value;
    case "string":
      return isPlainText(value) ? value : [mark, tag.text, codeUnits(value)];
    case "bigint":
      return isPlainBigint(value) ? value : [mark, tag.bigint, ...bigintDigits(value)];
    case "function":
      throw unsupported(state, value.name ? `a function (${value.name})` : "a function");
    case "symbol":
      throw unsupported(state, "a symbol");
    case "object":
      return value === null ? null : replaceObject(value, state);
    default:
      return value;
  }
}

function replaceObject(value: object, state: State): unknown {
  const number = state.numbers.get(value);
  if (number !== undefined) return [mark, tag.reference, number];
  state.numbers.set(value, state.numbers.size);
  if (state.path.length >= depthMax) throw unsupported(state, `nested deeper than ${depthMax} levels`);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return replaceRecord(value, state);
  if (prototype === Array.prototype) return replaceArray(value as unknown[], state);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || isShared(value)) return replaceBinary(value, state);
  if (prototype === Map.prototype) return replaceMap(value as Map<unknown, unknown>, state);
  if (prototype === Set.prototype) return replaceSet(value as Set<unknown>, state);
  if (prototype === Date.prototype) return [mark, tag.date, (value as Date).getTime()];
  if (prototype === RegExp.prototype) {
    const { source, flags } = value as RegExp;
    return [mark, tag.regexp, replace(source, state), flags];
  }
  if (value instanceof Error) return replaceError(value, state);
  throw unsupported(state, describeInstance(value));
}

function replaceAt(step: Step, value: unknown, state: State): unknown {
  state.path.push(step);
  const replaced = replace(value, state);
  state.path.pop();
  return replaced;
}

function replaceRecord(value: object, state: State): unknown {
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  if (keys.every(isPlainKey)) {
    state.objects += 1;
    const copy: Record<string, unknown> = {};
    for (const key of keys) copy[key] = replaceAt(key, record[key], state);
    return copy;
  }
  const list: unknown[] = [mark, tag.object];
  for (const key of keys) list.push(replace(key, state), replaceAt(key, record[key], state));
  return list;
}

function replaceArray(value: unknown[], state: State): unknown[] {
  const copy = new Array(value.length);
  for (let i = 0; i < value.length; i++) copy[i] = replaceAt(i, value[i], state);
  return copy;
}

function replaceMap(value: Map<unknown, unknown>, state: State): unknown[] {
  const list: unknown[] = [mark, tag.map];
  let index = 0;
  for (const [key, item] of value) {
    list.push(replaceAt({ in: "keys", index }, key, state), replaceAt({ in: "map", index, key }, item, state));
    index += 1;
  }
  return list;
}

function replaceSet(value: Set<unknown>, state: State): unknown[] {
  const list: unknown[] = [mark, tag.set];
  let index = 0;
  for (const item of value) list.push(replaceAt({ in: "values", index: index++ }, item, state));
  return list;
}

function replaceError(error: Error, state: State): unknown[] {
  const { name, message, stack } = error;
  const texts = [String(name), String(message), stack === undefined ? undefined : String(stack)];
  const hasCause = Object.hasOwn(error, "cause");
  const cause = hasCause ? replaceAt("cause", error.cause, state) : undefined;
  const errors = error instanceof AggregateError ? replaceAt("errors", error.errors, state) : undefined;
  const kind = errorClasses.findIndex((each) => error instanceof each);
  return [mark, tag.error, kind, ...texts.map((text) => replace(text, state)), hasCause, cause, errors];
}

function replaceBinary(value: ArrayBufferView | ArrayBuffer | SharedArrayBuffer, state: State): unknown[] {
  const view = ArrayBuffer.isView(value);
  const buffer = view ? value.buffer : value;
  if (buffer instanceof ArrayBuffer && buffer.detached) {
    throw unsupported(state, "binary data whose buffer was transferred away");
  }
  const name = view ? viewName(value) : "ArrayBuffer";
  const kind = binaryKinds.indexOf(name as typeof binaryKinds[number]);
  if (kind === -1) throw unsupported(state, describeInstance(value));
  const bytes = view
    ? new Uint8Array(buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(buffer, 0, buffer.byteLength);
  if (bytes.length < blockBytesMin) return [mark, tag.binary, kind, bytes];
  state.blocks.push(bytes);
  return [mark, tag.block, kind, bytes.length];
}

/** What kind of view it is, whatever class it was made by: a node Buffer is a Uint8Array. */
function viewName(view: ArrayBufferView): string {
  return view instanceof DataView ? "DataView" : (view as Uint8Array)[Symbol.toStringTag];
}

function isShared(value: object): value is SharedArrayBuffer {
  return typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer;
}

function codeUnits(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), true);
  return bytes;
}

function bigintDigits(value: bigint): [digits: string, negative: boolean] {
  const negative = value < 0n;
  return [(negative ? -value : value).toString(16), negative];
}

function describeInstance(value: object): string {
  if (value instanceof Promise) return "a promise (await it first)";
  const name = value.constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an instance of a class";
}

function unsupported(state: State, what: string): PayloadError {
  const path = formatPath(state.rootName, state.path);
  return new PayloadError(
    "payload-unsupported",
    `${path} is ${what}, which cannot travel: send plain objects, arrays, numbers, texts, dates, maps, sets, errors ` +
      "or binary data",
    { path, what },
  );
}
