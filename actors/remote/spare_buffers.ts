/**
 * Large buffers that are used again. Memory that was never used costs several times as much as a copy into memory that
 * was, for the system has to find and clear it first. So what a payload was encoded into is kept when it is needed no
 * more, and the next large payload is encoded into it. Each thread has a few.
 *
 * @module
 */

/** Smaller ones are not worth it; in bytes. */
const spareBytesMin = 256 * 1024;
/** How many are kept, and how many bytes they may have; two are kept however large they are. */
const sparesMax = 16;
const sparesBytesMax = 32 * 1024 ** 2;
/** How much longer than what it is for a buffer may be. */
const slackMax = 1.25;

/** Oldest first. */
const spares: ArrayBuffer[] = [];
let sparesBytes = 0;

/** How many connections are at sending a payload, by its buffer. */
const senders = new WeakMap<ArrayBufferLike, number>();

/** A connection will send this payload. */
export function beginSending({ buffer }: Uint8Array): void {
  senders.set(buffer, (senders.get(buffer) ?? 0) + 1);
}

/** A connection has sent it. */
export function endSending({ buffer }: Uint8Array): void {
  const left = senders.get(buffer)! - 1;
  if (left > 0) senders.set(buffer, left);
  else senders.delete(buffer);
}

/** Whether a payload is large, and has a buffer of its own. */
export const isLargeAlone = ({ buffer, byteOffset, byteLength }: Uint8Array): boolean =>
  byteLength >= spareBytesMin && byteOffset === 0 && buffer.byteLength <= byteLength * slackMax;

/**
 * Takes back the buffer of a payload that nobody needs any more, if that is large and all that is in it. It is detached
 * from the payload. While a connection is at sending it, it is left to the garbage collector instead.
 */
export function recycle(payload: Uint8Array): void {
  const { buffer } = payload;
  if (!isLargeAlone(payload) || senders.has(buffer)) return;
  if (buffer instanceof ArrayBuffer) keepSpare(buffer.transfer());
}

/** Keeps a buffer that nobody else uses. */
export function keepSpare(buffer: ArrayBuffer): void {
  spares.push(buffer);
  sparesBytes += buffer.byteLength;
  while (spares.length > sparesMax || (spares.length > 2 && sparesBytes > sparesBytesMax)) take(0);
}

/** The latest spare buffer, for another thread. */
export const takeSpare = (): ArrayBuffer | undefined => spares.length > 0 ? take(spares.length - 1) : undefined;

/** How many bytes the spare buffers of this thread have. */
export const spareBytes = (): number => sparesBytes;

/** Room for so many bytes, all of which are to be written: in a spare buffer where one fits, else in a new one. */
export function allocateLarge(length: number): Uint8Array<ArrayBuffer> {
  if (length < spareBytesMin) return new Uint8Array(length);
  const index = spares.findLastIndex(({ byteLength }) => byteLength >= length && byteLength <= length * slackMax);
  return index < 0 ? new Uint8Array(length) : new Uint8Array(take(index), 0, length);
}

function take(index: number): ArrayBuffer {
  const [buffer] = spares.splice(index, 1);
  sparesBytes -= buffer.byteLength;
  return buffer;
}
