/**
 * Frames: a header of eight bytes, a body, and zeros up to a multiple of eight. Apart from sockets: what is here works
 * on bytes alone. The layout is specified in docs/protocol.md.
 *
 * @module
 */
import { WireError } from "./errors.ts";
import { recogniseForeign } from "./foreign.ts";
import { type WireLimits, withinLimit } from "./limits.ts";

/** The types of frames. */
export const frameType = {
  control: 1,
  tasks: 2,
  results: 3,
  initial: 4,
  custom: 5,
  valueStart: 6,
  valueChunk: 7,
  acks: 8,
  held: 9,
} as const;

/** One of {@linkcode frameType}. */
export type FrameType = typeof frameType[keyof typeof frameType];

/** The body is compressed with zstd. */
export const flagCompressed = 1;

/** The length of a header, in bytes. */
export const headerBytes = 8;

/** A whole frame. */
export interface Frame {
  readonly type: FrameType;
  readonly compressed: boolean;
  /** A view of the bytes that it was read from. */
  readonly body: Uint8Array;
  /** Of a chunk: its body is the data alone, and that is where the value wants it. */
  readonly isPlaced?: boolean;
}

/** What the header of a frame says. */
export interface FrameHead {
  readonly type: FrameType;
  readonly compressed: boolean;
  /** The length of the body, in bytes. */
  readonly length: number;
}

/** What stands at a place of a stream: a frame and where the next one starts, or too few bytes to tell. */
export type FrameAt =
  | { readonly complete: true; readonly frame: Frame; readonly end: number }
  | {
    readonly complete: false;
    /** How many bytes from the start of the frame are needed at least. */
    readonly bytesNeeded: number;
    /** What its header says, if that has come. */
    readonly head?: FrameHead;
  };

/** A body limit, and the option that sets it. */
export interface BodyLimit {
  readonly bytesMax: number;
  readonly option: keyof WireLimits;
  /** Whether bodies may not be compressed. @default false */
  readonly isPlain?: boolean;
}

/** The next multiple of eight. */
export function align8(length: number): number {
  // Not by bit operations, for these are 32 bits wide.
  return length % 8 === 0 ? length : length + 8 - length % 8;
}

/**
 * Reads the frame that starts at `start`. Too few bytes are a normal outcome.
 *
 * @param bytes A stream's bytes, `start` being a multiple of eight from the stream's begin
 * @param end Where the bytes that have come end
 * @param bodyLimit The limit of a type's body; it may throw for a type that may not come now
 * @throws {WireError} codes `frame-invalid`, `frame-too-large`
 */
export function readFrame(
  bytes: Uint8Array,
  start: number,
  end: number,
  bodyLimit: (type: FrameType) => BodyLimit,
): FrameAt {
  if (end - start < headerBytes) return { complete: false, bytesNeeded: headerBytes };
  const length = (bytes[start] | bytes[start + 1] << 8 | bytes[start + 2] << 16 | bytes[start + 3] << 24) >>> 0;
  const type = bytes[start + 4];
  const flags = bytes[start + 5];
  const isKnown = type >= frameType.control && type <= frameType.held;
  if (!isKnown || (flags & ~flagCompressed) !== 0 || bytes[start + 6] !== 0 || bytes[start + 7] !== 0) {
    const unknown = isKnown ? `unknown flags in a frame of type ${type}` : `unknown frame type ${type}`;
    const foreign = recogniseForeign(bytes.subarray(start, end));
    throw new WireError("frame-invalid", foreign ?? `${unknown}: the peer speaks another protocol`);
  }
  const limit = bodyLimit(type as FrameType);
  withinLimit("frame-too-large", `a frame of type ${type}`, {
    value: length,
    limit: limit.bytesMax,
    option: limit.option,
  });
  const total = headerBytes + align8(length);
  const compressed = (flags & flagCompressed) !== 0;
  if (end - start < total) {
    return { complete: false, bytesNeeded: total, head: { type: type as FrameType, compressed, length } };
  }
  const body = bytes.subarray(start + headerBytes, start + headerBytes + length);
  return {
    complete: true,
    frame: { type: type as FrameType, compressed, body },
    end: start + total,
  };
}

/** Writes a header into `bytes` at `at`. */
export function writeHeader(
  bytes: Uint8Array,
  at: number,
  type: FrameType,
  bodyLength: number,
  compressed: boolean,
): void {
  bytes[at] = bodyLength;
  bytes[at + 1] = bodyLength >>> 8;
  bytes[at + 2] = bodyLength >>> 16;
  bytes[at + 3] = bodyLength >>> 24;
  bytes[at + 4] = type;
  bytes[at + 5] = compressed ? flagCompressed : 0;
  bytes[at + 6] = 0;
  bytes[at + 7] = 0;
}

/** A whole frame around a body. */
export function makeFrame(type: FrameType, body: Uint8Array, compressed = false): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(headerBytes + align8(body.length));
  writeHeader(frame, 0, type, body.length, compressed);
  frame.set(body, headerBytes);
  return frame;
}
