/**
 * Which running attempts take so long that a second one, elsewhere, may end sooner. Pure data.
 *
 * A copy is made only when nothing else is left to hand out, of an attempt that has run for twice as long as three
 * quarters of all tasks did, as in Dean and Ghemawat, "MapReduce", OSDI 2004, section 3.6 (backup tasks).
 *
 * @module
 */
import type { Attempt } from "./lease_table.ts";

/** How many durations are remembered. */
const sampleMax = 256;
/** Fewer durations than this tell nothing. */
const sampleMin = 3;
/** The quantile that counts as usual, and how many times that is too long. */
const usualQuantile = 0.75;
const tooLongFactor = 2;
/** What is done sooner than this is not worth a copy, in milliseconds. */
const runningMsMin = 1_000;

/** Recent durations; see {@linkcode createDurations}. */
export interface Durations {
  /** A task took so long, in milliseconds. */
  readonly add: (elapsedMs: number) => void;
  /** For how long an attempt may run before it is a straggler, in milliseconds; `undefined` if not known. */
  readonly tooLongMs: () => number | undefined;
}

/** Remembers the last durations. */
export function createDurations(): Durations {
  const sample: number[] = [];
  let next = 0;
  return {
    add: (elapsedMs) => {
      sample[next] = elapsedMs;
      next = (next + 1) % sampleMax;
    },
    tooLongMs: () => {
      if (sample.length < sampleMin) return undefined;
      const usual = [...sample].sort((a, b) => a - b)[Math.floor(usualQuantile * (sample.length - 1))];
      return Math.max(runningMsMin, tooLongFactor * usual);
    },
  };
}

/**
 * The attempts that are stragglers, the longest running first: at most one copy of a task is made.
 *
 * @param tooLongMs What {@linkcode Durations.tooLongMs} says
 */
export function stragglers(live: Iterable<Attempt>, tooLongMs: number, nowMs: number): Attempt[] {
  const found: Attempt[] = [];
  for (const attempt of live) {
    const { lease, sinceMs } = attempt;
    const isAlone = lease.replicas === 1 && lease.attempts.filter(({ state }) => state === "live").length === 1;
    if (isAlone && !lease.isQueued && lease.pinnedTo === undefined && nowMs - sinceMs > tooLongMs) found.push(attempt);
  }
  return found.sort((a, b) => a.sinceMs - b.sinceMs);
}
