/**
 * Bounds what user code can write into the server's log. Pure data.
 *
 * @module
 */

/** A longer line is cut, in bytes of UTF-8. */
export const lineBytesMax = 16_384;
/** How many lines a worker may write in one second. */
export const linesPerSecondMax = 1000;
/** The second in which lines are counted, in milliseconds. */
export const lineWindowMs = 1000;

/** Counts lines; see {@linkcode createLineLimit}. */
export interface LineLimit {
  /** Whether a line may be written now; if not, it counts as suppressed. */
  readonly admit: (nowMs: number) => boolean;
  /** How many lines were suppressed since this was last asked. */
  readonly takeSuppressed: () => number;
}

/**
 * Makes a limit of {@linkcode linesPerSecondMax} lines in each second.
 *
 * @example
 * ```ts
 * const limit = createLineLimit();
 * limit.admit(0); // true
 * ```
 */
export function createLineLimit(): LineLimit {
  let startMs = -Infinity;
  let admitted = 0;
  let suppressed = 0;
  return {
    admit: (nowMs) => {
      if (nowMs - startMs >= lineWindowMs) {
        startMs = nowMs;
        admitted = 0;
      }
      const may = admitted < linesPerSecondMax;
      if (may) admitted++;
      else suppressed++;
      return may;
    },
    takeSuppressed: () => {
      const count = suppressed;
      suppressed = 0;
      return count;
    },
  };
}

const scratch = new Uint8Array(lineBytesMax);

/** Cuts a line to {@linkcode lineBytesMax} bytes, and says how much is missing. */
export function cutLine(text: string): string {
  if (text.length * 3 <= lineBytesMax) return text;
  const { read } = new TextEncoder().encodeInto(text, scratch);
  return read === text.length ? text : `${text.slice(0, read)}... (${text.length - read} more characters)`;
}
