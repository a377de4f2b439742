/**
 * `@std/msgpack` for the npm door: the same two functions over `@msgpack/msgpack`.
 *
 * @module
 */
import {
  decode as decodeWith,
  encode as encodeWith,
  ExtensionCodec,
  type ExtensionCodecType,
} from "npm:@msgpack/msgpack@^3";

/** What MessagePack can carry. */
export type ValueType =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | readonly ValueType[]
  | ValueMap;

/** A map of MessagePack values. */
export interface ValueMap {
  [index: string | number]: ValueType;
}

const bigintMin = -(2n ** 63n);
const bigintMax = 2n ** 64n - 1n;

/** Refuses what `@std/msgpack` refuses and the library would write as nil, or cut to 64 bits. */
function checkValue(value: unknown): void {
  if (value === undefined) throw new Error("Cannot encode undefined as MessagePack: use null or leave the key out");
  if (typeof value === "bigint" && (value < bigintMin || value > bigintMax)) {
    throw new Error(`Cannot encode the bigint ${value} as MessagePack: it has more than 64 bits`);
  }
}

/** Asked for every object before it is encoded. Returns null, for "no extension", or throws. */
function checkObject(value: unknown): null {
  if (value instanceof Uint8Array) return null;
  if (typeof value !== "object" || value === null) throw new Error(`Cannot encode a ${typeof value} as MessagePack`);
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== null && prototype !== Object.prototype) {
    throw new Error(`Cannot encode a ${value.constructor?.name} as MessagePack: only plain objects, arrays and bytes`);
  }
  for (const item of Object.values(value)) checkValue(item);
  return null;
}

const noExtensions: ExtensionCodecType<undefined> = {
  __brand: new ExtensionCodec<undefined>().__brand,
  tryToEncode: checkObject,
  decode: (_data, type) => {
    throw new Error(`Cannot decode MessagePack extension type ${type}: none is known`);
  },
};

// Integers beyond 32 bits travel as floats and bigints as integers of 64 bits, as in @std/msgpack.
const options = { useBigInt64: true, extensionCodec: noExtensions } as const;

/** Writes one value as MessagePack. @throws {Error} if it, or a part of it, cannot travel. */
export function encode(object: ValueType): Uint8Array<ArrayBuffer> {
  checkValue(object);
  return encodeWith(object, options);
}

/** Reads the one value that `data` holds. Bytes within are views of `data`. @throws {Error} on any other input. */
export function decode(data: Uint8Array): ValueType {
  try {
    return decodeWith(data, options) as ValueType;
  } catch (error) {
    if (error instanceof RangeError) throw new EvalError(error.message, { cause: error });
    throw error;
  }
}
