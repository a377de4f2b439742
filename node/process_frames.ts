/**
 * Messages over the standard input and output of a process: a mark, a length, and the message as the payload codec
 * writes it.
 *
 * @module
 */
import { readUint64, writeUint64 } from "../actors/remote/batch.ts";
import { decodePayload, encodePayload } from "../actors/remote/payload.ts";

/** "gristml\n": tells a message from what a program writes that does not know of this channel. */
const mark = new TextEncoder().encode("gristml\n");
const headerBytes = 16;

/** Writes a message as one piece. @throws {PayloadError} If it holds what cannot travel. */
export function encodeMessage(message: unknown): Uint8Array<ArrayBuffer> {
  const payload = encodePayload(message, "message");
  const frame = new Uint8Array(headerBytes + payload.length);
  frame.set(mark);
  writeUint64(new DataView(frame.buffer), 8, payload.length);
  frame.set(payload, headerBytes);
  return frame;
}

/** Puts messages together from pieces of a stream; see {@linkcode createMessageReader}. */
export interface MessageReader {
  /**
   * Takes the next piece, which must not be written over afterwards.
   *
   * @returns The messages that are whole with it
   * @throws {Error} If this is no stream of messages.
   */
  readonly push: (piece: Uint8Array) => unknown[];
}

/** Makes a reader of one stream. Memory follows the bytes that have come, not the lengths that are announced. */
export function createMessageReader(): MessageReader {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  /** How many bytes must be there before anything can be done. */
  let needed = headerBytes;

  const take = (): Uint8Array => {
    const joined = pieces.length === 1 ? pieces[0] : join(pieces, bytes);
    pieces = [];
    bytes = 0;
    return joined;
  };
  return {
    push: (piece) => {
      pieces.push(piece);
      bytes += piece.length;
      const messages: unknown[] = [];
      while (bytes >= needed) {
        const all = take();
        const end = headerBytes + lengthIn(all);
        if (all.length >= end) {
          // A copy, so that what is in it is aligned and nothing else is kept alive.
          messages.push(decodePayload(all.slice(headerBytes, end)));
          needed = headerBytes;
        } else {
          needed = end;
        }
        const rest = all.subarray(all.length >= end ? end : 0);
        if (rest.length > 0) pieces = [rest];
        bytes = rest.length;
      }
      return messages;
    },
  };
}

function lengthIn(bytes: Uint8Array): number {
  if (mark.some((byte, at) => bytes[at] !== byte)) throw new Error("something else than messages was written into it");
  const length = readUint64(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 8);
  if (!Number.isSafeInteger(length)) throw new Error(`a message of ${length} bytes was announced`);
  return length;
}

function join(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
