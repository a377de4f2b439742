/**
 * Values that a seed gives, of every kind that travels.
 *
 * @module
 */
import type { Random } from "../../../actors/types.ts";
import { someBytes, whole } from "./support.ts";

const texts = [
  "",
  "a",
  "ä€",
  "\u{1f600}",
  "\ud800",
  "x\udfff",
  "\ufeffmark",
  "__proto__",
  "constructor",
  "hasOwnProperty",
];
const keys = ["x", "y", "name", "items", "0", "17", "we ird", "ключ", "toString", "length", ...texts];
const numbers = [0, -0, 1, -1, 63, 64, 127, 128, 255, 256, 65535, 65536, -32, -33, -128, -129, -32768, -32769];
const limits = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53, -(2 ** 53), 2 ** 63];
const floats = [0.1, -1.5, NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON, 1e21];
const viewClasses = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array,
];
const errorClasses = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** A value; `shared` are containers that may be used again. */
export function someValue(random: Random, depth: number, shared: unknown[] = []): unknown {
  if (depth <= 0 || random.next() < 0.3) return somePrimitive(random);
  const keep = <T>(value: T): T => {
    shared.push(value);
    return value;
  };
  const next = () => someValue(random, depth - 1, shared);
  const count = whole(random, 0, random.next() < 0.1 ? 20 : 4);
  switch (whole(random, 0, 9)) {
    case 0:
    case 1: {
      const record: Record<string, unknown> = keep({});
      for (let i = 0; i < count; i++) define(record, pick(random, keys), next());
      return record;
    }
    case 2:
    case 3: {
      const list: unknown[] = keep([]);
      for (let i = 0; i < count; i++) list.push(next());
      return list;
    }
    case 4: {
      const map = keep(new Map<unknown, unknown>());
      for (let i = 0; i < count; i++) map.set(next(), next());
      return map;
    }
    case 5: {
      const set = keep(new Set<unknown>());
      for (let i = 0; i < count; i++) set.add(next());
      return set;
    }
    case 6:
      return keep(someBinary(random));
    case 7:
      return keep(someError(random, next));
    case 8:
      return keep(random.next() < 0.5 ? new Date(pick(random, [...numbers, ...floats])) : /a[\/]b\n\ud800/giu);
    default:
      return shared.length > 0 ? pick(random, shared) : next();
  }
}

function somePrimitive(random: Random): unknown {
  switch (whole(random, 0, 7)) {
    case 0:
      return pick(random, numbers);
    case 1:
      return pick(random, limits);
    case 2:
      return pick(random, floats);
    case 3:
      return random.next();
    case 4:
      return pick(random, texts).repeat(pick(random, [1, 1, 2, 20, 200]));
    case 5:
      return pick(random, [true, false, null, undefined]);
    case 6:
      return (random.next() < 0.5 ? 1n : -1n) * 2n ** BigInt(pick(random, [0, 31, 62, 63, 64, 65, 200, 5000]));
    default:
      return -(2n ** BigInt(whole(random, 0, 70))) + BigInt(whole(random, -1, 1));
  }
}

function someBinary(random: Random): object {
  const elements = pick(random, [0, 1, 5, 127, 128, 200, 1500]);
  if (random.next() < 0.2) return someBytes(random, elements).buffer;
  if (random.next() < 0.2) return new DataView(someBytes(random, elements + 3).buffer, 3);
  const viewClass = pick(random, viewClasses);
  const bytes = someBytes(random, (elements + 1) * viewClass.BYTES_PER_ELEMENT);
  return new viewClass(bytes.buffer, viewClass.BYTES_PER_ELEMENT);
}

function someError(random: Random, next: () => unknown): Error {
  const text = pick(random, texts);
  const options = random.next() < 0.5 ? { cause: next() } : {};
  if (random.next() < 0.2) return new AggregateError([next(), next()], text, options);
  const error = new (pick(random, errorClasses) as ErrorConstructor)(text, options);
  if (random.next() < 0.3) error.name = "CustomError";
  return error;
}

function define(record: object, key: string, value: unknown): void {
  Object.defineProperty(record, key, { value, configurable: true, enumerable: true, writable: true });
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random.next() * values.length)];
}

/** Says where two values differ, in all that travels; `undefined` if nowhere. References are compared as well. */
export function difference(
  a: unknown,
  b: unknown,
  path = "value",
  seen = new Map<object, object>(),
): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return `${path}: ${show(a)} ${show(b)}`;
  }
  if (seen.has(a)) return seen.get(a) === b ? undefined : `${path}: another reference`;
  seen.set(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path}: other classes`;
  const sub = (x: unknown, y: unknown, step: string) => difference(x, y, path + step, seen);
  if (a instanceof Error) {
    const fields = ["name", "message", "stack", "cause", "errors"] as const;
    for (const key of fields) {
      if ((key in a) !== (key in b)) return `${path}.${key}: there at one only`;
      const diff = sub((a as never)[key], (b as never)[key], `.${key}`);
      if (diff) return diff;
    }
    return undefined;
  }
  if (a instanceof Map) return sub([...a], [...b as typeof a], ".entries()");
  if (a instanceof Set) return sub([...a], [...b as typeof a], ".values()");
  if (a instanceof Date) return sub(a.getTime(), (b as Date).getTime(), ".getTime()");
  if (a instanceof RegExp) return sub(String(a), String(b), ".source");
  if (a instanceof ArrayBuffer) {
    return sub(new Uint8Array(a).toHex(), new Uint8Array(b as ArrayBuffer).toHex(), ".bytes");
  }
  if (ArrayBuffer.isView(a)) return sub(bytesOf(a).toHex(), bytesOf(b as typeof a).toHex(), ".bytes");
  const [keysA, keysB] = [Object.keys(a), Object.keys(b)];
  if (keysA.join("\n") !== keysB.join("\n")) return `${path}: keys ${keysA} and ${keysB}`;
  // An own property named __proto__ hides the inherited one.
  for (const key of keysA) {
    const diff = sub((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `.${key}`);
    if (diff) return diff;
  }
  return undefined;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function show(value: unknown): string {
  return typeof value === "bigint" ? `${value}n` : String(Object.is(value, -0) ? "-0" : value);
}
