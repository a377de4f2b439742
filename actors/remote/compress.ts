/**
 * Compression of a frame's body with zstd, where it pays.
 *
 * @module
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { WireError } from "./errors.ts";
import type { BodyLimit } from "./frame.ts";
import { withinLimit } from "./limits.ts";

/** Bodies below are not worth it. */
const compressBytesMin = 1024;
/** What must be saved at least, as a share of the body. */
const savingMin = 1 / 8;
/** How many bodies are sent as they are, at most, after some that did not compress. */
const skipMax = 64;
/** The decompressed length and a reserved field stand before the zstd frame. */
const prefixBytes = 8;

/** Compresses bodies, and learns to leave alone what does not compress. */
export interface Compressor {
  /** The compressed form of a body, or nothing if it does not pay. */
  readonly compress: (body: Uint8Array) => Uint8Array<ArrayBuffer> | undefined;
}

/** A compressor for one direction of one connection. */
export function createCompressor(): Compressor {
  let skip = 0;
  let skipNext = 1;
  return {
    compress: (body) => {
      if (body.length < compressBytesMin) return undefined;
      if (skip > 0) {
        skip -= 1;
        return undefined;
      }
      const packed = zstdCompressSync(body);
      if (prefixBytes + packed.length > body.length * (1 - savingMin)) {
        skip = skipNext;
        skipNext = Math.min(skipNext * 2, skipMax);
        return undefined;
      }
      skipNext = 1;
      const out = new Uint8Array(prefixBytes + packed.length);
      new DataView(out.buffer).setUint32(0, body.length, true);
      out.set(packed, prefixBytes);
      return out;
    },
  };
}

/**
 * Decompresses a body into a buffer of its own.
 *
 * @param limit The limit of the decompressed body; no more is ever produced
 * @throws {WireError} codes `compression-invalid`, `frame-too-large`, `frame-unexpected`
 */
export function decompress(body: Uint8Array, limit: BodyLimit): Uint8Array {
  // Deno 2.9 keeps 20 KiB for each frame that turns out to be damaged, until it next collects its garbage, and does not
  // know that it is so much: no stranger shall have it do so.
  if (limit.isPlain) throw new WireError("frame-unexpected", "a compressed frame before the handshake is over");
  if (body.length < prefixBytes) throw invalid(`it has ${body.length} bytes`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const length = view.getUint32(0, true);
  if (view.getUint32(4, true) !== 0) throw invalid("its reserved field is not zero");
  const crossed = { value: length, limit: limit.bytesMax, option: limit.option };
  withinLimit("frame-too-large", "a compressed frame", crossed);
  let plain: Uint8Array;
  try {
    plain = zstdDecompressSync(body.subarray(prefixBytes), { maxOutputLength: Math.max(length, 1) });
  } catch (cause) {
    throw invalid(`it does not hold the ${length} bytes that it announces`, cause);
  }
  if (plain.length !== length) throw invalid(`it announces ${length} bytes and holds ${plain.length}`);
  // The library may give a part of a shared pool, where payloads would not be aligned.
  if (plain.byteOffset % 8 !== 0) return plain.slice();
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
}

function invalid(what: string, cause?: unknown): WireError {
  return new WireError("compression-invalid", `a compressed frame is damaged: ${what}`, { cause });
}
