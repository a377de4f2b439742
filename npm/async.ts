/**
 * `@std/async` for the npm door, as far as Gristmill uses it.
 *
 * @module
 */
import { setTimeout } from "node:timers/promises";

/** Options of {@linkcode delay}. */
export interface DelayOptions {
  /** Ends the delay early; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Whether the process stays alive for the delay. @default true */
  persistent?: boolean;
}

/** Resolves after `ms` milliseconds. */
export async function delay(ms: number, options: DelayOptions = {}): Promise<void> {
  const { signal, persistent = true } = options;
  try {
    await setTimeout(Math.max(ms, 0), undefined, { signal, ref: persistent });
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}
