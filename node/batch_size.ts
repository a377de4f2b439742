/**
 * How many tasks to keep inside a worker. Pure.
 *
 * Every message to a worker costs some 50 µs, so short tasks travel many at a time. A task that waits inside a worker
 * is out of reach for the other workers, so no more wait there than a few milliseconds of work.
 *
 * @module
 */

/** How much work a worker should have before it, in milliseconds. */
const workMs = 8;
/**
 * From this duration on nothing waits inside a worker, for the 0.4 ms until the next task comes are a hundredth of it.
 * Taking a task back that waits behind a shorter one costs more than that, but once, when work runs out.
 */
const longTaskMs = 50;
const insideMax = 1024;
/** How much of the old estimate one more task leaves. */
const keep = 0.9;

/**
 * How many tasks a worker should have, the running one included, if a task takes `estimateMs`; 1 if that is unknown.
 *
 * @example
 * ```ts
 * tasksInside(0.001); // 1024
 * tasksInside(2); // 4
 * tasksInside(500); // 1
 * ```
 */
export function tasksInside(estimateMs: number | undefined): number {
  if (estimateMs === undefined || estimateMs >= longTaskMs) return 1;
  return Math.min(insideMax, Math.max(2, Math.ceil(workMs / estimateMs)));
}

/**
 * The estimate after `count` more tasks that took `elapsedMs` together: an exponentially weighted moving average, in
 * which every task has the same weight however many of them one batch brings.
 */
export function updateEstimate(estimateMs: number | undefined, elapsedMs: number, count: number): number {
  const mean = elapsedMs / count;
  if (estimateMs === undefined) return mean;
  const kept = keep ** count;
  return kept * estimateMs + (1 - kept) * mean;
}
