/**
 * What waits to be written on one connection, and in which order it goes. A queue apart from sockets.
 *
 * Urgent frames go first. Small frames go in the order in which they were pushed. Large values go one at a time, in
 * the order in which they were pushed, a chunk between small frames. Tasks and results may so overtake a large value;
 * ordered frames (`initial`, `custom`, and every control message that is not urgent) wait for the large values pushed
 * before them, and a large value waits for the small frames pushed before it.
 *
 * @module
 */
import type { Compressor } from "./compress.ts";
import { createFifo, type Fifo } from "./fifo.ts";
import { type BodyLimit, type FrameType, frameType, makeFrame } from "./frame.ts";
import { createLargeQueue } from "./large_queue.ts";
import { type WireLimits, withinLimit } from "./limits.ts";
import { type LargePart, messageParts, type SmallPart } from "./parts.ts";
import type { WireMessage } from "./protocol.ts";

/** The queue of one connection. */
export interface Outbox {
  /**
   * Queues a message. Payloads above 256 KiB are kept, not copied: they must not change until they are
   * written.
   *
   * @throws {RangeError} If a number does not fit its field.
   * @throws {WireError} codes `frame-too-large`, `value-too-large`
   */
  readonly push: (message: WireMessage) => void;
  /**
   * Says that what was taken before is written, and takes what goes next, as pieces to be written one after another:
   * urgent frames, small frames up to some size, then one chunk. Empty if there is nothing.
   */
  readonly take: () => Uint8Array[];
  /** How many bytes wait, without what was taken. */
  readonly bytes: () => number;
  /** How many of them are neither tasks nor results, so that no credit bounds them. */
  readonly looseBytes: () => number;
}

/** Options of {@linkcode createOutbox}. */
export interface OutboxOptions {
  readonly limits: WireLimits;
  /** The limit of a frame that is pushed now. */
  readonly bodyLimit: (type: FrameType) => BodyLimit;
  /** Compresses bodies. @default none */
  readonly compressor?: Compressor;
}

/** How many bytes of small frames go in one turn, before a chunk. */
const turnBytes = 1024 * 1024;

interface Small {
  readonly order: number;
  readonly type: FrameType;
  readonly frame: Uint8Array;
  /** Whether it waits for large values pushed before it. */
  readonly ordered: boolean;
}

/** Whether the scheduler's credit bounds how many of these are out. */
const isOnCredit = (type: FrameType): boolean => type === frameType.tasks || type === frameType.results;

/** An empty outbox. */
export function createOutbox({ limits, bodyLimit, compressor }: OutboxOptions): Outbox {
  const urgent = createFifo<Uint8Array>();
  const small = createFifo<Small>();
  const large = createLargeQueue(limits.chunkBytesMax, compressor);
  let bytes = 0;
  let looseBytes = 0;
  let order = 0;

  const pushSmall = ({ type, body, lane }: SmallPart) => {
    const packed = bodyLimit(type).isPlain ? undefined : compressor?.compress(body);
    const frame = makeFrame(type, packed ?? body, packed !== undefined);
    bytes += frame.length;
    if (!isOnCredit(type)) looseBytes += frame.length;
    if (lane === "urgent") urgent.push(frame);
    else small.push({ order: order++, type, frame, ordered: lane === "ordered" });
  };

  const pushLarge = (part: LargePart) => {
    bytes += part.payload.length;
    if (!isOnCredit(part.type)) looseBytes += part.payload.length;
    large.push({ ...part, order: order++ });
  };

  return {
    bytes: () => bytes,
    looseBytes: () => looseBytes,
    push: (message) => {
      const parts = messageParts(message, limits.chunkBytesMax);
      // All before any, so that a message that is refused has not gone in part.
      for (const part of parts) checkPart(part, limits, bodyLimit);
      for (const part of parts) {
        if (part.size === "small") pushSmall(part);
        else pushLarge(part);
      }
    },
    take: () => {
      large.written();
      const pieces: Uint8Array[] = [];
      const firstLarge = large.first();
      for (const sum of [takeUrgent(urgent, pieces), takeSmall(small, firstLarge?.order, pieces)]) {
        bytes -= sum.bytes;
        looseBytes -= sum.looseBytes;
      }
      const waiting = small.first();
      if (firstLarge && (large.isBegun() || !waiting || waiting.order > firstLarge.order)) {
        const taken = large.takeChunk(pieces);
        bytes -= taken;
        if (!isOnCredit(firstLarge.type)) looseBytes -= taken;
      }
      return pieces;
    },
  };
}

/** Checks a part against the limits, which are the peer's as well. */
function checkPart(part: SmallPart | LargePart, limits: WireLimits, bodyLimit: (type: FrameType) => BodyLimit): void {
  if (part.size === "small") {
    const { bytesMax, option } = bodyLimit(part.type);
    withinLimit("frame-too-large", "a message", { value: part.body.length, limit: bytesMax, option });
    return;
  }
  const value = part.payload.length;
  withinLimit("value-too-large", "a value", { value, limit: limits.valueBytesMax, option: "valueBytesMax" });
}

/** How much was taken, and how much of it on no credit. */
interface Taken {
  readonly bytes: number;
  readonly looseBytes: number;
}

/** Takes all of them. */
function takeUrgent(urgent: Fifo<Uint8Array>, pieces: Uint8Array[]): Taken {
  let bytes = 0;
  for (let frame = urgent.shift(); frame; frame = urgent.shift()) {
    pieces.push(frame);
    bytes += frame.length;
  }
  return { bytes, looseBytes: bytes };
}

/** Takes those that may go now, up to some size. */
function takeSmall(small: Fifo<Small>, firstLarge: number | undefined, pieces: Uint8Array[]): Taken {
  let bytes = 0;
  let looseBytes = 0;
  for (let next = small.first(); next && bytes < turnBytes; next = small.first()) {
    if (next.ordered && firstLarge !== undefined && firstLarge < next.order) break;
    small.shift();
    pieces.push(next.frame);
    bytes += next.frame.length;
    if (!isOnCredit(next.type)) looseBytes += next.frame.length;
  }
  return { bytes, looseBytes };
}
