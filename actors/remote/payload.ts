/**
 * The payload codec: what a job's tasks, results and messages are on the wire. It is built on MessagePack by msgpackr,
 * and adds what that leaves out: it checks before it writes and before it reads, keeps what msgpackr would change, and
 * lets binary data travel beside the MessagePack, aligned, so that it is read in place. The layout is specified in
 * docs/protocol.md.
 *
 * @module
 */
import { asError, PayloadError } from "./errors.ts";
import { align8 } from "./frame.ts";
import { checkMessagePack, plainHead, specialHead } from "./payload_check.ts";
import { copyPacked, pack, type Packed, unpack } from "./payload_msgpack.ts";
import { notOneNumber, readNumber, writeNumber } from "./payload_number.ts";
import { replaceSpecials } from "./payload_replace.ts";
import { restoreSpecials } from "./payload_restore.ts";
import { scanValue } from "./payload_scan.ts";
import { type Allocate, allocateOwn } from "./slab.ts";

/** The length of a payload's own header, in bytes. */
const headerBytes = 8;
const formatVersion = 1;
/** The head is plain MessagePack, or holds specials. */
const form = { plain: 0, special: 1 } as const;
/**
 * Writes a value. What travels: everything that JSON has, and undefined, NaN, infinities, -0, bigint, Date, RegExp,
 * Map, Set, Error (name, message, stack, cause), ArrayBuffer, DataView and all typed arrays; nested, and with shared
 * and cyclic references. Symbol keys, named properties of arrays and property attributes are left out, and holes in
 * arrays become undefined, much as with `structuredClone`.
 *
 * @param rootName What the value is called in the path of an error
 * @param allocate Where the bytes go. @default a buffer of their own, which may be transferred
 * @throws {PayloadError} code `payload-unsupported` with the path of what cannot travel, such as a function
 *
 * @example
 * ```ts
 * import { decodePayload, encodePayload } from "./payload.ts";
 *
 * const bytes = encodePayload({ rows: new Float64Array(1000), seen: new Set([1n, 2n]) });
 * const value = decodePayload(bytes) as { rows: Float64Array; seen: Set<bigint> };
 * console.assert(value.rows.length === 1000 && value.seen.has(2n));
 * ```
 */
export function encodePayload(
  value: unknown,
  rootName = "value",
  allocate: Allocate = allocateOwn,
): Uint8Array<ArrayBuffer> {
  if (typeof value === "number" && !Object.is(value, -0)) {
    const bytes = writeNumber(value, headerBytes, allocate);
    writeHeader(bytes, bytes.length - headerBytes, form.plain);
    return bytes;
  }
  const scan = scanValue(value);
  if (scan.plain) return finish(pack(value, headerBytes, scan.objects), form.plain, [], allocate);
  const { tree, blocks, objects } = replaceSpecials(value, rootName);
  return finish(pack(tree, headerBytes, objects), form.special, blocks, allocate);
}

/**
 * Reads a value. Binary data of 1 KiB and more is not copied: typed arrays and DataViews of that size are views of
 * `bytes` and keep it alive; an ArrayBuffer is always a copy.
 *
 * @param bytes What {@linkcode encodePayload} has written; views are only possible if it starts at a multiple of eight
 * within its buffer, and are copies otherwise
 * @throws {PayloadError} code `payload-corrupt` if the bytes do not hold a value
 */
export function decodePayload(bytes: Uint8Array): unknown {
  if (bytes.length <= headerBytes) throw corrupt(`${bytes.length} bytes are too few`);
  const headEnd = headerBytes + ((bytes[0] | bytes[1] << 8 | bytes[2] << 16 | bytes[3] << 24) >>> 0);
  if (headEnd > bytes.length) throw corrupt(`${bytes.length} bytes announce ${headEnd}`);
  if (bytes[4] !== formatVersion || bytes[5] > form.special || bytes[6] !== 0 || bytes[7] !== 0) {
    throw corrupt("the header is unknown");
  }
  const special = bytes[5] === form.special;
  if (!special && headEnd === bytes.length) {
    const number = readNumber(bytes, headerBytes);
    if (number !== notOneNumber) return number;
  }
  checkMessagePack(bytes, headerBytes, headEnd, special ? specialHead : plainHead);
  try {
    const tree = unpack(bytes.subarray(headerBytes, headEnd));
    if (special) return restoreSpecials(tree, bytes, align8(headEnd));
    if (headEnd !== bytes.length) throw corrupt(`${bytes.length - headEnd} bytes too many`);
    return tree;
  } catch (cause) {
    if (cause instanceof PayloadError) throw cause;
    throw corrupt(asError(cause).message, cause);
  }
}

/** Puts the header, the head and the blocks into one buffer. */
function finish(
  packed: Packed,
  kind: number,
  blocks: readonly Uint8Array[],
  allocate: Allocate,
): Uint8Array<ArrayBuffer> {
  const packedLength = packed.end - packed.start;
  let length = packedLength;
  for (const block of blocks) length = align8(length) + block.length;
  const bytes = allocate(length);
  copyPacked(packed, bytes);
  writeHeader(bytes, packedLength - headerBytes, kind);
  let at = packedLength;
  for (const block of blocks) {
    const start = align8(at);
    bytes.fill(0, at, start);
    bytes.set(block, start);
    at = start + block.length;
  }
  return bytes;
}

function writeHeader(bytes: Uint8Array, headLength: number, kind: number): void {
  bytes[0] = headLength;
  bytes[1] = headLength >>> 8;
  bytes[2] = headLength >>> 16;
  bytes[3] = headLength >>> 24;
  bytes[4] = formatVersion;
  bytes[5] = kind;
  bytes[6] = bytes[7] = 0;
}

function corrupt(what: string, cause?: unknown): PayloadError {
  return new PayloadError("payload-corrupt", `the bytes do not hold a value: ${what}`, { cause });
}
