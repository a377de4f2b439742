/**
 * The large values of an outbox: they go one at a time, in chunks.
 *
 * @module
 */
import type { Compressor } from "./compress.ts";
import { createFifo } from "./fifo.ts";
import { align8, frameType, headerBytes, makeFrame, writeHeader } from "./frame.ts";
import { type LargePart, valueChunkBytes, valueStartAt } from "./parts.ts";
import { beginSending, endSending } from "./spare_buffers.ts";

/** A large value and its place in the order of all that was pushed. */
export interface Large extends LargePart {
  readonly order: number;
}

/** See {@linkcode createLargeQueue}. */
export interface LargeQueue {
  readonly push: (value: Large) => void;
  /** The value that goes next, or goes already. */
  readonly first: () => Large | undefined;
  /** Whether the first value has begun to go. */
  readonly isBegun: () => boolean;
  /** Adds the frames of the next chunk of the first value. @returns How many bytes of the value are in it */
  readonly takeChunk: (pieces: Uint8Array[]) => number;
  /** Says that all that was taken is written. */
  readonly written: () => void;
}

/**
 * By how much a last chunk may be longer, at most and as a share of a chunk: so that a round number of bytes makes no
 * further chunk for its header.
 */
const extraBytesMax = 48;
const extraShare = 1 / 16_384;

/** An empty queue. */
export function createLargeQueue(chunkBytesMax: number, compressor: Compressor | undefined): LargeQueue {
  const extraBytes = Math.min(extraBytesMax, Math.floor(chunkBytesMax * extraShare));
  const values = createFifo<Large>();
  let stream = 0;
  /** How much of the first value's payload was taken, once its start was. */
  let taken: number | undefined;
  /** A value that was taken to its end, and may not be written yet. */
  let last: Large | undefined;
  return {
    push: (value) => {
      new DataView(value.start.buffer).setUint32(valueStartAt.stream, stream, true);
      stream = (stream + 1) >>> 0;
      beginSending(value.payload);
      values.push(value);
    },
    first: values.first,
    isBegun: () => taken !== undefined,
    takeChunk: (pieces) => {
      const { start, payload } = values.first()!;
      if (taken === undefined) {
        taken = 0;
        pieces.push(makeFrame(frameType.valueStart, start));
      }
      const isLast = payload.length - taken <= chunkBytesMax + extraBytes;
      const data = payload.subarray(taken, isLast ? payload.length : taken + chunkBytesMax);
      pieces.push(...chunkFrame(start.subarray(0, 4), data, compressor));
      taken += data.length;
      if (isLast) {
        last = values.shift();
        taken = undefined;
      }
      return data.length;
    },
    written: () => {
      if (last) endSending(last.payload);
      last = undefined;
    },
  };
}

/** A chunk's frame in pieces, so that its data need not be copied. */
function chunkFrame(stream: Uint8Array, data: Uint8Array, compressor: Compressor | undefined): Uint8Array[] {
  if (compressor) {
    const body = new Uint8Array(valueChunkBytes + data.length);
    body.set(stream);
    body.set(data, valueChunkBytes);
    const packed = compressor.compress(body);
    return [makeFrame(frameType.valueChunk, packed ?? body, packed !== undefined)];
  }
  const length = valueChunkBytes + data.length;
  const head = new Uint8Array(headerBytes + valueChunkBytes);
  writeHeader(head, 0, frameType.valueChunk, length, false);
  head.set(stream, headerBytes);
  const padding = align8(length) - length;
  return padding === 0 ? [head, data] : [head, data, new Uint8Array(padding)];
}
