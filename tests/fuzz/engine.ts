/** Runs targets over inputs from a seed, watches time and memory, and makes what it finds small and repeatable. */
import { createRandom } from "../../actors/clock.ts";
import type { Random } from "../../actors/types.ts";
import { minimise, mutate } from "./mutate.ts";
import type { Target } from "./target.ts";

/** An input that takes longer has found something, in milliseconds. It leaves room for a pause of the machine. */
export const inputMsMax = 5_000;
/** How often what holds after many inputs is checked. */
const settleEvery = 50_000;

/** What a run is to do. */
export interface FuzzOptions {
  readonly targets: readonly Target[];
  readonly inputs: number;
  readonly seed: number;
  /** Runs only the input of this number. @default all */
  readonly only?: number;
  /** Hears how far the run is, now and then. */
  readonly onProgress?: (done: number) => void;
  /** How many inputs lie between two calls of `onProgress`. @default 100000 */
  readonly progressEvery?: number;
}

/** An input that was not taken as it must. */
export interface Finding {
  readonly target: string;
  readonly index: number;
  readonly error: unknown;
  /** The smallest input that was found to fail in the same way. */
  readonly bytes: Uint8Array;
}

/** How a run went. */
export interface FuzzReport {
  readonly finding?: Finding;
  readonly inputs: number;
  /** How many inputs each target took, and how many of them it took without an error. */
  readonly counts: Readonly<Record<string, { readonly inputs: number; readonly accepted: number }>>;
  /** The longest time that one input took, in milliseconds. */
  readonly slowestMs: number;
}

/** An own source for each input, so that each can be made again alone. */
const randomOf = (seed: number, index: number): Random =>
  createRandom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b)) | 0);

function choose(random: Random, targets: readonly Target[]): Target {
  let at = random.next() * targets.reduce((sum, { share }) => sum + share, 0);
  return targets.find(({ share }) => (at -= share) < 0) ?? targets[0];
}

/** What tells one failure from another: the kind of the error and where it was thrown. */
function signature(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name} ${error.stack?.split("\n").find((line) => line.trim().startsWith("at "))?.trim()}`;
}

/** Gives one input to a target. @returns the error that shall not be, if there was one */
async function attempt(
  target: Target,
  bytes: Uint8Array<ArrayBuffer>,
  random: Random,
): Promise<{ readonly isAccepted: boolean; readonly error?: unknown }> {
  try {
    const pending = target.run(bytes, random);
    if (pending) await pending;
    return { isAccepted: true };
  } catch (error) {
    return target.isExpected(error) ? { isAccepted: false } : { isAccepted: false, error };
  }
}

async function find(
  target: Target,
  index: number,
  input: Uint8Array<ArrayBuffer>,
  error: unknown,
  random: () => Random,
) {
  const wanted = signature(error);
  const bytes = await minimise(input, async (smaller) => {
    const { error } = await attempt(target, smaller.slice(), random());
    return error !== undefined && signature(error) === wanted;
  });
  return { target: target.name, index, error, bytes };
}

/** What no input may change. */
function checkPrototypes(): void {
  for (const prototype of [Object.prototype, Array.prototype, Map.prototype, Error.prototype]) {
    const added = Object.keys(prototype);
    if (added.length > 0) throw new Error(`a prototype was given ${added.join(", ")}`);
  }
}

/** Runs until something is found or all inputs were taken. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { targets, inputs, seed, only, onProgress = () => {}, progressEvery = 100_000 } = options;
  const counts: Record<string, { inputs: number; accepted: number }> = {};
  for (const { name } of targets) counts[name] = { inputs: 0, accepted: 0 };
  let slowestMs = 0;
  /** @returns what was found, of which no single input is the cause */
  const settle = async (index: number): Promise<Finding | undefined> => {
    // What is left behind is what counts, not what was not looked through yet.
    (globalThis as { gc?: () => void }).gc?.();
    for (const target of targets) {
      try {
        await target.settle?.();
        checkPrototypes();
      } catch (error) {
        return { target: target.name, index, error, bytes: new Uint8Array() };
      }
    }
  };
  for (let index = only ?? 0; index < (only === undefined ? inputs : only + 1); index++) {
    const random = randomOf(seed, index);
    const target = choose(random, targets);
    const input = mutate(random, target.corpus);
    const inner = Math.floor(random.next() * 2 ** 31);
    const startMs = performance.now();
    let { isAccepted, error } = await attempt(target, input.slice(), createRandom(inner));
    const tookMs = performance.now() - startMs;
    slowestMs = Math.max(slowestMs, tookMs);
    if (error === undefined && tookMs > inputMsMax) error = new Error(`it took ${Math.round(tookMs)} ms`);
    if (error !== undefined) {
      const finding = await find(target, index, input, error, () => createRandom(inner));
      return { finding, inputs: index + 1, counts, slowestMs };
    }
    counts[target.name].inputs++;
    if (isAccepted) counts[target.name].accepted++;
    if (index % settleEvery === settleEvery - 1) {
      const finding = await settle(index);
      if (finding) return { finding, inputs: index + 1, counts, slowestMs };
    }
    if (index % progressEvery === progressEvery - 1) onProgress(index + 1);
  }
  const finding = await settle(inputs - 1);
  return { ...(finding && { finding }), inputs: only === undefined ? inputs : 1, counts, slowestMs };
}
