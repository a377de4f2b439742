/**
 * Bounds what one node can write into the server's log. Honest nodes have a bound of their own; a node that has none
 * must not fill the disk, nor keep the server writing.
 *
 * @module
 */

/** The time over which bytes are counted, in milliseconds. */
const windowMs = 1_000;
/** What a line takes beside its text, in bytes. */
const lineBytes = 100;

/** See {@linkcode createLineBudget}. */
export interface LineBudget {
  /** Whether a line of this length may be written now; if not, it counts as left out. */
  readonly admit: (length: number, nowMs: number) => boolean;
  /** How many lines were left out in windows that are over; counts from zero again. */
  readonly takeOmitted: (nowMs: number) => number;
}

/** A budget of so many bytes in each second. */
export function createLineBudget(bytesMax: number): LineBudget {
  let startMs = -Infinity;
  let spent = 0;
  let omitted = 0;
  return {
    admit: (length, nowMs) => {
      if (nowMs - startMs >= windowMs) {
        startMs = nowMs;
        spent = 0;
      }
      // What is left takes one more line, however long it is: lines have a bound of their own.
      if (spent >= bytesMax) {
        omitted++;
        return false;
      }
      spent += lineBytes + length;
      return true;
    },
    takeOmitted: (nowMs) => {
      if (nowMs - startMs < windowMs) return 0;
      const count = omitted;
      omitted = 0;
      return count;
    },
  };
}
