/**
 * A chunk of a large value that is read from the link straight to where its value wants it.
 *
 * @module
 */
import { type Frame, type FrameHead, frameType, headerBytes } from "./frame.ts";
import { valueChunkBytes } from "./parts.ts";

/**
 * Says where the data of a chunk belongs, before all of it has come.
 *
 * @param head The chunk's own header
 * @param count How many bytes of data it has
 * @param come How many of them have come
 * @returns Room for the data and the frame's padding, or `undefined`: not yet
 */
export type PlaceChunk = (head: Uint8Array, count: number, come: number) => Uint8Array | undefined;

/** The chunk that is being read, if there is one; see {@linkcode createPlacedChunk}. */
export interface PlacedChunk {
  readonly isOpen: () => boolean;
  /**
   * Begins with a frame of which only a part has come, if it is a chunk and can be placed: what has come is copied.
   *
   * @param come What has come of the frame
   */
  readonly begin: (head: FrameHead, come: Uint8Array) => boolean;
  /** Where its next bytes belong. */
  readonly space: () => Uint8Array;
  /** Says that `count` bytes of `space` are filled. */
  readonly received: (count: number) => void;
  /** The frame, once it is whole: it is open no more then. */
  readonly take: () => Frame | undefined;
  /** How many bytes of the frame have come, and how many it has. */
  readonly progress: () => { readonly come: number; readonly length: number };
}

/** A chunk that misses less than this is not worth a read of its own; in bytes. */
const missingBytesMin = 1024;
const dataAt = headerBytes + valueChunkBytes;

/** No chunk yet. */
export function createPlacedChunk(place: PlaceChunk): PlacedChunk {
  let room: Uint8Array | undefined;
  let count = 0;
  let filled = 0;
  return {
    isOpen: () => room !== undefined,
    begin: (head, come) => {
      if (head.type !== frameType.valueChunk || head.compressed || come.length < dataAt) return false;
      const missing = head.length - (come.length - headerBytes);
      if (missing < missingBytesMin) return false;
      count = head.length - valueChunkBytes;
      filled = come.length - dataAt;
      room = place(come.subarray(headerBytes, dataAt), count, filled);
      room?.set(come.subarray(dataAt));
      return room !== undefined;
    },
    space: () => room!.subarray(filled),
    received: (bytes) => void (filled += bytes),
    take: () => {
      if (filled < room!.length) return undefined;
      const body = room!.subarray(0, count);
      room = undefined;
      return { type: frameType.valueChunk, compressed: false, body, isPlaced: true };
    },
    progress: () => ({ come: dataAt + filled, length: dataAt + room!.length }),
  };
}
