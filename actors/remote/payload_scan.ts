/**
 * The quick look at a value before it is written: does msgpackr alone write it so that it comes back as it was?
 *
 * @module
 */

/** How deeply a value may be nested. */
export const depthMax = 1000;

const int64Min = -(2n ** 63n);
const uint64Max = 2n ** 64n - 1n;
const byteOrderMark = 0xfeff;
/** How many keys are remembered as plain. */
const knownKeysMax = 4096;
const knownKeys = new Set<string>();

/** What a look at a value tells. */
export interface Scan {
  /** Whether it holds nothing but what msgpackr keeps: no specials, no shared or cyclic references, not too deep. */
  readonly plain: boolean;
  /** How many plain objects it holds, as far as it was looked at. */
  readonly objects: number;
}

let objects = 0;
let containers = 0;
let root: object | undefined;
let seen: Set<object> | undefined;

/** Looks at a value. */
export function scanValue(value: unknown): Scan {
  objects = containers = 0;
  const plain = isPlain(value, 0);
  root = seen = undefined;
  return { plain, objects };
}

/** Whether msgpackr keeps a text: it replaces lone surrogates, and drops a byte order mark. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && text.charCodeAt(0) !== byteOrderMark;
}

/** Whether a bigint fits an integer of MessagePack. */
export function isPlainBigint(value: bigint): boolean {
  return value >= int64Min && value <= uint64Max;
}

/** Whether msgpackr keeps an object with this key, and its reader too. */
export function isPlainKey(key: string): boolean {
  return key !== "__proto__" && key !== "constructor" && key !== "hasOwnProperty" && isPlainText(key);
}

/** As {@linkcode isPlainKey}, and remembers; for the same few keys come again and again. */
function isKnownKey(key: string): boolean {
  if (knownKeys.has(key)) return true;
  if (!isPlainKey(key)) return false;
  if (knownKeys.size < knownKeysMax) knownKeys.add(key);
  return true;
}

function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "number":
      return value !== 0 || 1 / value > 0;
    case "string":
      return isPlainText(value);
    case "boolean":
    case "undefined":
      return true;
    case "bigint":
      return isPlainBigint(value);
    case "object":
      return value === null || isPlainContainer(value, depth);
    default:
      return false;
  }
}

function isPlainContainer(value: object, depth: number): boolean {
  if (depth >= depthMax || !isFirstSight(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) {
    const array = value as unknown[];
    for (let i = 0; i < array.length; i++) {
      if (!isPlain(array[i], depth + 1)) return false;
    }
    return true;
  }
  if (prototype !== Object.prototype) return false;
  objects += 1;
  const record = value as Record<string, unknown>;
  // Inherited keys come along, but there are none unless somebody has extended all objects; then it is not plain.
  for (const key in record) {
    if (!isKnownKey(key) || !isPlain(record[key], depth + 1)) return false;
  }
  return true;
}

/** Whether an object is met for the first time. A value of one object alone needs no set. */
function isFirstSight(value: object): boolean {
  containers += 1;
  if (containers === 1) {
    root = value;
    return true;
  }
  seen ??= new Set([root!]);
  return seen.size !== seen.add(value).size;
}
