/**
 * Connections that ended before their peer was known: each has a line, but not more lines than a person can read, and
 * all are counted.
 *
 * @module
 */
import type { ConnectionClosed } from "../actors/remote/connection.ts";
import type { Logger } from "../actors/types.ts";

/** How many lines may be written in one window, and how long that is, in milliseconds. */
const linesMax = 20;
const windowMs = 10_000;

/** See {@linkcode createStrangers}. */
export interface Strangers {
  /** A connection ended before its peer was known. */
  readonly ended: (address: string, closed: ConnectionClosed) => void;
  /** How many there were, by the codes of their errors; `undefined` if there were none. */
  readonly summary: () => string | undefined;
}

/** Counts, and writes to `log`. */
export function createStrangers(log: Logger, now: () => number): Strangers {
  const counts = new Map<string, number>();
  let startMs = -Infinity;
  let lines = 0;
  let unsaid = 0;
  const mayWrite = (): boolean => {
    if (now() - startMs >= windowMs) {
      if (unsaid > 0) log.warn(`${unsaid} more connections were closed before they were introduced`);
      startMs = now();
      lines = 0;
      unsaid = 0;
    }
    return lines++ < linesMax;
  };
  return {
    ended: (address, { reason: by, error }) => {
      const reason = error ? (error as { code?: string }).code ?? "other" : by === "peer" ? "said-nothing" : "refused";
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      if (!mayWrite()) unsaid += 1;
      else if (error) log.warn(`connection of ${address} closed: ${error.message}`);
      else log.debug(`connection of ${address} closed before it was introduced`);
    },
    summary: () => {
      if (counts.size === 0) return undefined;
      const total = counts.values().reduce((sum, count) => sum + count, 0);
      const parts = Array.from(counts, ([reason, count]) => `${reason}: ${count}`);
      return `${total} connection${total === 1 ? "" : "s"} closed before introduction (${parts.join(", ")})`;
    },
  };
}
