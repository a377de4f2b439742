/**
 * Runs seeds in a thread of its own, one after the other, as it is told to.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import type { Size } from "./scenario.ts";
import { simulate } from "./simulate.ts";

/** What the thread is told: a seed to run. */
export interface SeedOrder {
  readonly seed: number;
  readonly size: Size;
}

/** How far a seed is. */
export interface SeedProgress {
  readonly seed: number;
  /** How many tasks have ended. */
  readonly ended: number;
  /** The virtual time that has passed, in milliseconds. */
  readonly virtualMs: number;
}

/** What became of a seed. */
export interface SeedReport {
  readonly seed: number;
  /** What was violated, if anything was. */
  readonly violation?: string;
  /** What went wrong, and how often; absent for a seed that failed. */
  readonly troubles?: ReadonlyMap<string, number>;
  readonly elapsedMs?: number;
}

/** How often it is told how far a seed is, in milliseconds. */
const tellEveryMs = 5_000;

function createTeller(seed: number): (ended: number, virtualMs: number) => void {
  let toldMs = performance.now();
  return (ended, virtualMs) => {
    if (performance.now() - toldMs < tellEveryMs) return;
    toldMs = performance.now();
    globalThis.postMessage({ seed, ended, virtualMs } satisfies SeedProgress);
  };
}

async function run({ seed, size }: SeedOrder): Promise<SeedReport> {
  try {
    const { troubles, summary, elapsedMs } = await simulate(seed, size, { onLook: createTeller(seed) });
    const { retried, dropped, speculated, failed, resumed } = summary;
    const counts = { retried, "late results dropped": dropped, "speculative copies": speculated };
    const all = { ...counts, "tasks failed for good": failed, "results read back from journals": resumed };
    return { seed, elapsedMs, troubles: new Map([...troubles, ...Object.entries(all)]) };
  } catch (thrown) {
    const { message, name, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { seed, violation: name === "Violation" ? message : stack ?? message };
  }
}

globalThis.addEventListener("message", async ({ data }: MessageEvent<SeedOrder>) => {
  globalThis.postMessage(await run(data));
});
