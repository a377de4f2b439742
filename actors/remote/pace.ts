/**
 * Fairness of a reader towards timers. On a link that always has more, each read is done at once, and reads that follow
 * one another by promises alone keep every timer of the process waiting.
 *
 * @module
 */
import type { Clock } from "../types.ts";

/** How long a burst of reads may last, in milliseconds, before timers have their turn. */
const burstMsMax = 10;
/** Reads with at least so long between them, in milliseconds, are no burst. */
const gapMs = 5;

/**
 * A pace for one reader.
 *
 * @returns To be called after each read; gives a promise to await when it is the timers' turn. Under a clock that
 * stands still while there is something to read, as in a simulation, it never is
 */
export function createPace(clock: Clock): () => Promise<void> | undefined {
  let lastMs = -Infinity;
  let burstStartMs = -Infinity;
  return () => {
    const now = clock.now();
    if (now - lastMs >= gapMs) burstStartMs = now;
    lastMs = now;
    if (now - burstStartMs < burstMsMax) return undefined;
    lastMs = -Infinity;
    return new Promise((resolve) => void clock.setTimer(0, resolve));
  };
}
