/** Task numbers as ranges. Pure functions. @module */
import type { TaskRange } from "./types.ts";

/** Checks ranges that a caller gives. @throws {RangeError} for one that is no range, or that is not behind the last. */
export function checkRanges(ranges: readonly TaskRange[]): void {
  let end = -1;
  for (const [first, last] of ranges) {
    if (!(Number.isSafeInteger(first) && Number.isSafeInteger(last) && end < first && first <= last)) {
      throw new RangeError(
        `Cannot use the tasks [${first}, ${last}]: ranges are whole numbers in order, from ${end + 1}`,
      );
    }
    end = last;
  }
}

/** Whether a task is in one of the ranges. */
export function isInRanges(ranges: readonly TaskRange[], task: number): boolean {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle][1] < task) low = middle + 1;
    else high = middle;
  }
  return low < ranges.length && ranges[low][0] <= task;
}

/**
 * What is in some ranges and not in others.
 *
 * @example
 * ```ts
 * subtractRanges([[0, 9]], [[0, 3], [6, 6]]); // [[4, 5], [7, 9]]
 * ```
 */
export function subtractRanges(ranges: readonly TaskRange[], others: readonly TaskRange[]): TaskRange[] {
  const left: TaskRange[] = [];
  let i = 0;
  for (const [first, last] of ranges) {
    let from = first;
    while (i < others.length && others[i][1] < from) i++;
    for (let k = i; k < others.length && others[k][0] <= last; k++) {
      if (from < others[k][0]) left.push([from, others[k][0] - 1]);
      from = Math.max(from, others[k][1] + 1);
    }
    if (from <= last) left.push([from, last]);
  }
  return left;
}
