/**
 * Waiting for what gives no sign.
 *
 * @module
 */

/** Resolves after so many milliseconds. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
