/**
 * The specials of a payload: what MessagePack by msgpackr does not keep is written as an array that starts with the
 * byte 0xc1, which MessagePack never uses, and one of these tags.
 *
 * @module
 */

/** The tags of specials. Numbers on the wire: never change one. */
export const tag = {
  /** `[index]`: an object met before, counted in the order in which objects begin. */
  reference: 0,
  /** `[]` */
  negativeZero: 1,
  /** `[hexadecimal digits, whether negative]` */
  bigint: 2,
  /** `[bytes]`: UTF-16 code units, little-endian. */
  text: 3,
  /** `[milliseconds]`; NaN if invalid. */
  date: 4,
  /** `[key, value, key, value, ...]` */
  map: 5,
  /** `[value, value, ...]` */
  set: 6,
  /** `[class, name, message, stack, whether there is a cause, cause, errors]` */
  error: 7,
  /** `[source, flags]` */
  regexp: 8,
  /** `[key, value, key, value, ...]`: an object with keys that msgpackr would change. */
  object: 9,
  /** `[kind, bytes]`: binary data within. */
  binary: 10,
  /** `[kind, length in bytes]`: binary data in the next block behind the head. */
  block: 11,
} as const;

/** The kinds of binary data by their number on the wire: only ever add at the end. */
export const binaryKinds = [
  "ArrayBuffer",
  "DataView",
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "Float16Array",
] as const;

/** Binary data of this length and more travels beside the head. */
export const blockBytesMin = 1024;

/** The classes of errors by their number on the wire, those that others inherit from last. */
export const errorClasses: readonly ErrorConstructor[] = [
  AggregateError,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  Error,
] as unknown as ErrorConstructor[];
