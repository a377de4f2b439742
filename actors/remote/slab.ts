/**
 * Small buffers that are cut from larger ones: one of its own costs a small payload ten times its bytes, and more time
 * than to write them.
 *
 * @module
 */
import { align8 } from "./frame.ts";
import { allocateLarge } from "./spare_buffers.ts";

/** Room for so many bytes, all of which are to be written. */
export type Allocate = (bytes: number) => Uint8Array<ArrayBuffer>;

/** Room with a new buffer of its own. */
export const allocateOwn: Allocate = (bytes) => new Uint8Array(bytes);

/** One small payload that is kept keeps so many bytes, so this is little. */
const slabBytes = 4 * 1024;
/** Larger ones have a buffer of their own, the largest one that was used before where that can be. */
const smallBytesMax = slabBytes / 16;

/**
 * Room that starts at a multiple of eight in a buffer that others may share. It must not be transferred, and whoever
 * posts it to a worker posts all that it shares with.
 */
export function createSlab(): Allocate {
  let slab = new ArrayBuffer(slabBytes);
  let at = 0;
  return (bytes) => {
    if (bytes > smallBytesMax) return allocateLarge(bytes);
    if (at + bytes > slabBytes) {
      slab = new ArrayBuffer(slabBytes);
      at = 0;
    }
    const room = new Uint8Array(slab, at, bytes);
    at = align8(at + bytes);
    return room;
  };
}
