/**
 * A set of whole numbers that is mostly without gaps, such as the tasks that are done. Pure data.
 *
 * @module
 */
import type { TaskRange } from "./journal/types.ts";

/** The set; see {@linkcode createIntervals}. */
export interface Intervals {
  /** Adds a number. */
  readonly add: (value: number) => void;
  /** What is in it, in order, as ranges with both ends included. */
  readonly ranges: () => TaskRange[];
}

/** Where a range with this start stands, or would stand, among others. */
function placeOf(ranges: readonly [number, number][], value: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle][0] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Makes a set with what is in some ranges.
 *
 * @example
 * ```ts
 * const done = createIntervals([]);
 * for (const task of [0, 2, 1, 5]) done.add(task);
 * done.ranges(); // [[0, 2], [5, 5]]
 * ```
 */
export function createIntervals(initial: readonly TaskRange[]): Intervals {
  const ranges = initial.map(([first, last]): [number, number] => [first, last]);
  return {
    ranges: () => ranges.map(([first, last]) => [first, last]),
    add: (value) => {
      const at = placeOf(ranges, value);
      const before = ranges[at - 1];
      const after = ranges[at];
      if (before && value <= before[1]) return;
      const joinsBefore = before !== undefined && before[1] === value - 1;
      const joinsAfter = after !== undefined && after[0] === value + 1;
      if (joinsBefore && joinsAfter) {
        before[1] = after[1];
        ranges.splice(at, 1);
      } else if (joinsBefore) before[1] = value;
      else if (joinsAfter) after[0] = value;
      else ranges.splice(at, 0, [value, value]);
    },
  };
}
