/**
 * Holds back the reading of a connection while an actor has too many of its messages still before it.
 *
 * @module
 */

/** Messages that may wait before the connection is read no further, and how many when it is read again. */
const waitingMax = 64;
const waitingLow = 32;

/** See {@linkcode createValve}. */
export interface Valve {
  /** A message has come. @returns What `onMessage` of the connection is to return. */
  readonly arrived: () => Promise<void> | undefined;
  /** A message has been handled. */
  readonly handled: () => void;
}

/**
 * Counts what has come over a connection and was not handled.
 *
 * @example
 * ```ts
 * import { createValve } from "./valve.ts";
 *
 * const valve = createValve();
 * console.assert(valve.arrived() === undefined); // Read on.
 * valve.handled();
 * ```
 */
export function createValve(): Valve {
  let waiting = 0;
  let open: (() => void) | undefined;
  return {
    arrived: () => {
      if (++waiting >= waitingMax) return new Promise((resolve) => open = resolve);
    },
    handled: () => {
      if (--waiting > waitingLow) return;
      open?.();
      open = undefined;
    },
  };
}
