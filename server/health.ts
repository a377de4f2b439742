/**
 * Whether a node can be trusted with tasks: one on which task after task fails, while they succeed elsewhere, is paused
 * and then tried with one task at a time. Pure data.
 *
 * @module
 */

/** So many different tasks in a row that fail on a node make it suspicious. */
const streakMax = 5;
/** The first pause, in milliseconds; doubled with each further one. */
const pauseMs = 30_000;
const pauseMsMax = 600_000;

/** A node's record; see {@linkcode createHealth}. */
export interface Health {
  /** A task succeeded: whatever was, is forgiven. */
  readonly succeeded: () => void;
  /** A task failed by its own error, or the node's. */
  readonly failed: (task: number) => void;
  /** Whether so many tasks have failed in a row that the node is to be paused, if others do better. */
  readonly isSuspicious: () => boolean;
  /** Pauses the node. @returns for how long, in milliseconds */
  readonly pause: (nowMs: number) => number;
  /** Ends a pause whose time is over: from then on the node has one task at a time. @returns whether it did */
  readonly parole: (nowMs: number) => boolean;
  /** How many attempts may be with the node: none while it is paused, one on parole. */
  readonly limit: () => number;
}

/**
 * Makes the record of a new node.
 *
 * @example
 * ```ts
 * const health = createHealth();
 * for (let task = 0; task < 5; task++) health.failed(task);
 * health.isSuspicious(); // true
 * health.pause(0); // 30000
 * health.limit(); // 0
 * health.parole(30_000); // true
 * health.limit(); // 1
 * health.succeeded();
 * health.limit(); // Infinity
 * ```
 */
export function createHealth(): Health {
  const streak = new Set<number>();
  let pauses = 0;
  let pausedUntil: number | undefined;
  let isOnParole = false;
  return {
    succeeded: () => {
      if (streak.size > 0) streak.clear();
      pauses = 0;
      isOnParole = false;
    },
    failed: (task) => void streak.add(task),
    isSuspicious: () => pausedUntil === undefined && (streak.size >= streakMax || (isOnParole && streak.size > 0)),
    pause: (nowMs) => {
      const lengthMs = Math.min(pauseMsMax, pauseMs * 2 ** pauses++);
      pausedUntil = nowMs + lengthMs;
      streak.clear();
      return lengthMs;
    },
    parole: (nowMs) => {
      if (pausedUntil === undefined || nowMs < pausedUntil) return false;
      pausedUntil = undefined;
      isOnParole = true;
      return true;
    },
    limit: () => pausedUntil !== undefined ? 0 : isOnParole ? 1 : Infinity,
  };
}
