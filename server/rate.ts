/**
 * How fast the job goes and when it will be done. Pure data.
 *
 * @module
 */

/** How far back the rate looks, in milliseconds. */
const windowMs = 30_000;
/** The fewest samples that a rate is made of. */
const samplesMin = 2;

/** A sliding rate; see {@linkcode createRate}. */
export interface Rate {
  /** `done` units were finished by `nowMs`. */
  readonly sample: (nowMs: number, done: number) => void;
  /** Units a second over the last half minute; 0 before anything is known. */
  readonly perSecond: () => number;
}

/**
 * Makes a rate over the last 30 seconds. It starts with the first unit done, so that the time before nodes came does
 * not slow it down.
 *
 * @example
 * ```ts
 * const rate = createRate();
 * rate.sample(0, 0);
 * rate.sample(1000, 10);
 * rate.perSecond(); // 10
 * ```
 */
export function createRate(): Rate {
  let samples: { readonly at: number; readonly done: number }[] = [];
  return {
    sample: (at, done) => {
      const last = samples.at(-1);
      if (samples.length === 1 && done === last!.done) samples = [];
      samples.push({ at, done });
      while (samples.length > samplesMin && samples[1].at < at - windowMs) samples.shift();
    },
    perSecond: () => {
      if (samples.length < samplesMin) return 0;
      const first = samples[0];
      const last = samples.at(-1)!;
      return last.at > first.at ? (last.done - first.done) * 1_000 / (last.at - first.at) : 0;
    },
  };
}

/**
 * The time until all is done at the present rate, in milliseconds.
 *
 * @returns `undefined` while it cannot be known: no total, or nothing done yet.
 */
export function etaMs(remaining: number | undefined, perSecond: number): number | undefined {
  if (remaining === undefined) return undefined;
  if (remaining <= 0) return 0;
  return perSecond > 0 ? remaining * 1_000 / perSecond : undefined;
}
