/**
 * How long to wait before the server is dialled again. Pure.
 *
 * @module
 */
import type { Random } from "../actors/types.ts";

/** No wait is longer than this. */
const waitMsMax = 60_000;

/**
 * A wait, in milliseconds, drawn uniformly from 0 up to `baseMs` doubled with each failure, at most 60 s.
 *
 * This is "full jitter" from Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: of the
 * variants compared there it lets many clients that failed at the same moment succeed with the least work.
 *
 * @param failures How many attempts have failed in a row; 0 and 1 give the same wait.
 * @param baseMs The bound of the first wait, in milliseconds.
 *
 * @example
 * ```ts
 * const waitMs = backoffMs(3, 1000, { next: Math.random }); // somewhere in [0, 4000)
 * ```
 */
export function backoffMs(failures: number, baseMs: number, random: Random): number {
  return random.next() * Math.min(waitMsMax, baseMs * 2 ** Math.max(0, failures - 1));
}
