/**
 * A queue, first in, first out, with constant time at both ends.
 *
 * @module
 */

/** A queue of values that are not `undefined`. */
export interface Fifo<T> {
  readonly push: (value: T) => void;
  /** Takes the first value. */
  readonly shift: () => T | undefined;
  /** The first value, left where it is. */
  readonly first: () => T | undefined;
}

/** How many taken places may stand before the values before these are moved. */
const slackMax = 1024;

/** An empty queue. */
export function createFifo<T>(): Fifo<T> {
  let values: (T | undefined)[] = [];
  let head = 0;
  return {
    push: (value) => {
      values.push(value);
    },
    first: () => values[head],
    shift: () => {
      const value = values[head];
      if (head === values.length) return undefined;
      values[head++] = undefined;
      if (head === values.length) {
        values = [];
        head = 0;
      } else if (head > slackMax && head > values.length / 2) {
        values = values.slice(head);
        head = 0;
      }
      return value;
    },
  };
}
