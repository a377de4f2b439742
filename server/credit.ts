/**
 * How many tasks a node may hold at once: one a slot, and enough behind them that no slot waits for the network.
 * Pure functions.
 *
 * @module
 */

/** How much work may wait behind a slot, in milliseconds: far above a round trip, far below a person's patience. */
const prefetchMs = 100;
/**
 * The most tasks that may be with one node, however short they are: 100 000 a second over a round trip of 20 ms. Far
 * more would live long enough to cost the garbage collector a fifth of the server's time.
 */
const windowMax = 2_048;
/** The bytes of tasks that may be with one node before no more than one waits behind each slot. */
const windowBytesMax = 16 * 1024 ** 2;
/** Weight of the newest batch in the mean. */
const newestWeight = 0.3;

/**
 * The most tasks that may be with a node.
 *
 * @param slots How many tasks the node computes at once.
 * @param meanMs How long its tasks took lately, in milliseconds; `undefined` before the first result.
 * @returns At least one task behind each slot, so that the next one is there when a slot falls free.
 */
export function windowOf(slots: number, meanMs: number | undefined): number {
  const behindSlot = meanMs === undefined ? 1 : Math.max(1, Math.floor(prefetchMs / Math.max(meanMs, 1e-3)));
  return Math.max(slots, Math.min(windowMax, slots * (1 + behindSlot)));
}

/**
 * The most tasks of a window that may be with a node that has tasks of `bytes` already: a fast network brings 16 MiB in
 * a fraction of a second, so more need not wait there.
 */
export function narrowed(window: number, slots: number, bytes: number): number {
  return bytes < windowBytesMax ? window : Math.min(window, 2 * slots);
}

/** Takes the mean of a new batch of durations into the running mean (exponentially weighted), in milliseconds. */
export function updateMean(meanMs: number | undefined, batchMeanMs: number): number {
  return meanMs === undefined ? batchMeanMs : meanMs + newestWeight * (batchMeanMs - meanMs);
}
