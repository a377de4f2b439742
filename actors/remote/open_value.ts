/**
 * A value whose chunks are coming, and the memory that it goes to: one buffer, into which chunks are read straight from
 * the link where that can be.
 *
 * @module
 */
import { align8 } from "./frame.ts";
import type { WireMessage } from "./protocol.ts";

/**
 * How large a value's buffer may be for each byte that has come of it. So one buffer or two do for nearly all values,
 * for copying to ever larger ones costs more than reading. Whoever announces much and sends little takes little: a
 * bounded multiple in addresses, and less in memory, which systems give to a large buffer as it is written.
 */
const bufferPerByte = 64;

/** What a value was announced as. */
export interface ValueStart {
  readonly stream: number;
  /** How long it will be, in bytes. */
  readonly length: number;
  /** What becomes of it when it is whole. */
  readonly complete: (payload: Uint8Array) => WireMessage;
}

/** See {@linkcode openValue}. */
export interface OpenValue extends ValueStart {
  /** How many of its bytes are there. */
  readonly received: () => number;
  /**
   * Where its next bytes belong, and behind them room for the padding of their frame.
   *
   * @param count How many were announced; no more than are missing
   * @param come How many of them have come
   * @returns `undefined` while too little has come for so much memory
   */
  readonly room: (count: number, come: number) => Uint8Array | undefined;
  /** Says that `count` bytes are in the room. @returns The value, once it is whole. */
  readonly filled: (count: number) => Uint8Array | undefined;
}

/** A value of which nothing has come. It has no memory yet. */
export function openValue(start: ValueStart): OpenValue {
  const { length } = start;
  let bytes = new Uint8Array();
  let received = 0;
  return {
    ...start,
    received: () => received,
    room: (count, come) => {
      const needed = align8(received + count);
      if (needed > bytes.length) {
        const allowed = bufferPerByte * (received + come);
        if (count > allowed) return undefined;
        const isWholeAllowed = length <= allowed;
        const grown = new Uint8Array(isWholeAllowed ? align8(length) : Math.max(needed, align8(2 * received)));
        grown.set(bytes.subarray(0, received));
        bytes = grown;
      }
      return bytes.subarray(received, needed);
    },
    filled: (count) => {
      received += count;
      return received < length ? undefined : bytes.subarray(0, length);
    },
  };
}
