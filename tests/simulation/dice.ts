/** Draws from a seed. */
import { createRandom } from "../../actors/mod.ts";
import type { Random } from "../../actors/types.ts";

/** A source of decisions. */
export interface Dice {
  readonly random: Random;
  /** Whether something happens that happens this often. */
  readonly chance: (rate: number) => boolean;
  /** A number from `min` up to, but without, `max`. */
  readonly between: (min: number, max: number) => number;
  /** A whole number from `min` to `max`, both included. */
  readonly whole: (min: number, max: number) => number;
  readonly pick: <T>(items: readonly T[]) => T;
  /** Some of the items, in a random order. */
  readonly some: <T>(items: readonly T[], count: number) => T[];
}

/** Dice for one purpose: what is drawn for another one does not shift them. */
export function createDice(seed: number, purpose: string): Dice {
  let mixed = seed | 0;
  for (const letter of purpose) mixed = mix(mixed, letter.charCodeAt(0));
  const random = createRandom(mixed);
  const whole = (min: number, max: number) => min + Math.floor(random.next() * (max - min + 1));
  return {
    random,
    whole,
    chance: (rate) => random.next() < rate,
    between: (min, max) => min + random.next() * (max - min),
    pick: (items) => items[whole(0, items.length - 1)],
    some: (items, count) => {
      const left = [...items];
      const taken = [];
      while (taken.length < count && left.length > 0) taken.push(...left.splice(whole(0, left.length - 1), 1));
      return taken;
    },
  };
}

/** Mixes a number into a hash of 32 bits; the finalizer of MurmurHash3 by Austin Appleby. */
export function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ value, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}

/** A number from 0 up to, but without, 1 that depends on all of these and on nothing else. */
export function hashed(...values: readonly number[]): number {
  let hash = 0x9e37_79b9;
  for (const value of values) hash = mix(hash, value);
  return (hash >>> 0) / 2 ** 32;
}
