/**
 * The receiving end of a stream as buffers: where to read into, and which whole frames have come. Frames are not
 * copied; a buffer whose frames were handed out is not written over. Most of a large value's bytes come into no buffer
 * of this one's: they are read to where the value wants them.
 *
 * @module
 */
import { WireError } from "./errors.ts";
import { recogniseForeign } from "./foreign.ts";
import { align8, type BodyLimit, type Frame, type FrameType, frameType, readFrame } from "./frame.ts";
import { createPlacedChunk, type PlaceChunk } from "./placed_chunk.ts";

/** Turns what a link delivers into frames. */
export interface FrameReader {
  /** A place to read into, at least one byte long. Valid until the next call of any member. */
  readonly space: () => Uint8Array;
  /** Says that `count` bytes were read into the start of the last {@linkcode FrameReader.space}. */
  readonly received: (count: number) => void;
  /**
   * The next whole frame, if there is one. Bodies that carry payloads (types `tasks` to `custom`, not compressed) are
   * valid for as long as they are held, all others until the next call of `space`.
   */
  readonly next: (bodyLimit: (type: FrameType) => BodyLimit) => Frame | undefined;
  /** Checks that the stream may end here. @throws {WireError} code `frame-truncated` */
  readonly finish: () => void;
}

/** What a connection has that says little: there may be ten thousand such. */
const bufferBytesMin = 1024;
const bufferBytesUsualMax = 256 * 1024;
/** Less room than this, or than a quarter of the buffer, is not worth a read, unless the frame at hand ends in it. */
const roomBytesMin = 1024;

/** Whether whoever gets this frame may hold views of its body. */
const mayBeHeld = ({ type, compressed }: Frame): boolean =>
  !compressed && type >= frameType.tasks && type <= frameType.custom;

/**
 * A reader without any bytes yet.
 *
 * @param place Says where chunks belong. @default they come in buffers of the reader's, as all frames do
 */
export function createFrameReader(place: PlaceChunk = () => undefined): FrameReader {
  // Invariant: unparsed bytes are buffer[start..filled), and start is a multiple of eight, as in the stream.
  let buffer = new Uint8Array(bufferBytesMin);
  let start = 0;
  let filled = 0;
  /** Whether views of the buffer may be held by others. */
  let handedOut = false;
  /** How large the next buffer should be, led by how much each read brings. */
  let usual = bufferBytesMin;
  /** How many bytes the frame at `start` needs, as far as is known. */
  let bytesNeeded = 8;
  const chunk = createPlacedChunk(place);

  /** Makes room behind the unparsed bytes: in the same buffer if that is large enough and nobody else looks at it. */
  const move = (capacity: number) => {
    const next = handedOut || start === 0 || capacity > buffer.length ? new Uint8Array(capacity) : buffer;
    if (next === buffer) buffer.copyWithin(0, start, filled);
    else next.set(buffer.subarray(start, filled));
    filled -= start;
    start = 0;
    buffer = next;
    handedOut = false;
  };

  return {
    space: () => {
      if (chunk.isOpen()) return chunk.space();
      const have = filled - start;
      if (have === 0 && !handedOut) {
        start = filled = 0;
        if (buffer.length > (usual > bufferBytesMin ? 8 * usual : usual)) buffer = new Uint8Array(usual);
      }
      const free = buffer.length - filled;
      const fits = buffer.length - start >= bytesNeeded;
      if (free === 0 || (free < Math.min(roomBytesMin, buffer.length / 4) && (have === 0 || !fits))) {
        // A length is believed only as far as bytes have come: the room at most doubles with what is there.
        move(Math.max(usual, Math.min(align8(bytesNeeded), align8(2 * have)), align8(have + 1)));
      }
      return buffer.subarray(filled);
    },
    received: (count) => {
      if (chunk.isOpen()) return chunk.received(count);
      if (filled + count === buffer.length) usual = Math.min(usual * 4, bufferBytesUsualMax);
      else if (count < usual / 8 && usual > bufferBytesMin) usual /= 2;
      filled += count;
    },
    next: (bodyLimit) => {
      if (chunk.isOpen()) return chunk.take();
      const at = readFrame(buffer, start, filled, bodyLimit);
      if (!at.complete) {
        const isPlaced = at.head !== undefined && chunk.begin(at.head, buffer.subarray(start, filled));
        // A placed frame does not end in the buffer: what comes next there starts at a multiple of eight again.
        if (isPlaced) start = filled = align8(filled);
        bytesNeeded = isPlaced ? 8 : at.bytesNeeded;
        return undefined;
      }
      start = at.end;
      bytesNeeded = 8;
      handedOut ||= mayBeHeld(at.frame);
      return at.frame;
    },
    finish: () => {
      if (filled === start && !chunk.isOpen()) return;
      const { come, length } = chunk.isOpen() ? chunk.progress() : { come: filled - start, length: bytesNeeded };
      const text = `the stream ended inside a frame: ${come} bytes have come, and ${length} were announced`;
      throw new WireError("frame-truncated", recogniseForeign(buffer.subarray(start, filled)) ?? text);
    },
  };
}
