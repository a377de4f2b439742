/**
 * Time and randomness of the platform, and randomness that repeats itself.
 *
 * @module
 */
import type { Clock, Random } from "./types.ts";

/** The platform's timers take at most this delay; a longer one would fire at once. */
const timerDelayMaxMs = 2 ** 31 - 1;

function setTimer(delayMs: number, callback: () => void): () => void {
  if (delayMs <= 0) {
    // A timer of the platform would take a millisecond or two.
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  }
  let timer: ReturnType<typeof setTimeout>;
  const arm = (leftMs: number) => {
    const step = Math.min(leftMs, timerDelayMaxMs);
    // Rounded up, for the platform cuts fractions off and a timer must not fire early.
    timer = setTimeout(() => leftMs > step ? arm(leftMs - step) : callback(), Math.ceil(step));
  };
  arm(delayMs);
  return () => clearTimeout(timer);
}

/** The platform's monotonic clock. */
export const systemClock: Clock = { now: () => performance.now(), setTimer };

/**
 * Makes a source of randomness: with a seed one that repeats itself, without one the platform's. Not for secrets.
 *
 * The generator is sfc32 by Chris Doty-Humphrey (PractRand, 2010), its state filled by splitmix32.
 *
 * @param seed An integer; its low 32 bits count
 *
 * @example
 * ```ts
 * import { createRandom } from "@gristmill/gristmill/actors";
 *
 * const first = createRandom(7).next();
 * const again = createRandom(7).next();
 * if (first !== again) throw new Error("the same seed must give the same numbers");
 * ```
 */
export function createRandom(seed?: number): Random {
  if (seed === undefined) return { next: Math.random };
  if (!Number.isInteger(seed)) throw new RangeError(`Cannot seed a random source: seed is ${seed}, want an integer`);
  let state = seed | 0;
  const fill = () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let a = fill(), b = fill(), c = fill(), counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 12; round++) next();
  return { next };
}
