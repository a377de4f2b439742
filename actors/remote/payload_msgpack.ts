/**
 * msgpackr, as the payload codec uses it.
 *
 * The entries `/pack` and `/unpack` are plain JavaScript. The main entry would load a native add-on and read the
 * environment, for which the workers that run user code have no permission.
 *
 * @module
 */
import { Packr, RESERVE_START_SPACE, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from "npm:msgpackr@^1/pack";
import { Unpackr } from "npm:msgpackr@^1/unpack";
import { Buffer } from "node:buffer";

/** From this many objects on, an object is written as a record: its keys once for all objects of its shape. */
const recordsMin = 8;
/** A write buffer that grew beyond this is given back. */
const bufferBytesMax = 16 * 1024 * 1024;
/** Below this length, bytes are copied one by one: cheaper than a view for one call of `set`. */
const viewBytesMin = 96;

/** The buffer is used again by the next call, and comes whole with the place of what was written. */
const packMode = RESERVE_START_SPACE | RESET_BUFFER_MODE | REUSE_BUFFER_MODE;

/** What was packed: the bytes from `start` to `end`. */
export type Packed = Uint8Array & { readonly start: number; readonly end: number };

let manyObjects = false;
let packing = false;
const packr = new Packr({ useRecords: () => manyObjects, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: true, mapsAsObjects: true });

/** What msgpackr reads from, and writes as, the byte 0xc1, which MessagePack never uses. It marks our specials. */
export const mark: object = unpackr.unpack(Uint8Array.of(0xc1));

/**
 * The MessagePack of a value, in a buffer of msgpackr's that the next call writes over.
 *
 * @param reservedBytes How many bytes to leave before it; below 256
 * @param objects How many plain objects the value holds
 */
export function pack(value: unknown, reservedBytes: number, objects: number): Packed {
  // msgpackr keeps its state in the module: a getter of the value that encodes something would garble both.
  if (packing) throw new TypeError("a value cannot be encoded from within the encoding of another, as by a getter");
  packing = true;
  manyObjects = objects >= recordsMin;
  try {
    return packr.pack(value, packMode | reservedBytes) as unknown as Packed;
  } finally {
    packing = false;
  }
}

/** Copies what {@linkcode pack} has made, room for the header included, to the start of `bytes`. */
export function copyPacked(packed: Packed, bytes: Uint8Array): void {
  const { start, end } = packed;
  if (end - start < viewBytesMin) {
    for (let i = start; i < end; i++) bytes[i - start] = packed[i];
    return;
  }
  bytes.set(new Uint8Array(packed.buffer, packed.byteOffset + start, end - start));
  if (packed.length > bufferBytesMax) packr.useBuffer(Buffer.allocUnsafeSlow(8192));
}

/** Reads MessagePack that was checked before. */
export function unpack(bytes: Uint8Array): unknown {
  return unpackr.unpack(bytes);
}
