/**
 * Holds back the reading of a connection while an actor has too many of its messages still before it.
 *
 * @module
 */
import { createFifo } from "./fifo.ts";
import type { WireMessage } from "./protocol.ts";

/** Messages that may wait before the connection is read no further, and how many when it is read again. */
const waitingMax = 64;
const waitingLow = 32;
/** The same in bytes of memory. One message may be larger. */
const waitingBytesMax = 16 * 1024 ** 2;
const waitingBytesLow = waitingBytesMax / 2;
/** What an entry of a list takes in memory, about, in bytes. */
const entryBytes = 64;

/** See {@linkcode createValve}. */
export interface Valve {
  /** A message has come. @returns What `onMessage` of the connection is to return. */
  readonly arrived: (message: WireMessage) => Promise<void> | undefined;
  /** The oldest message that was not handled has been. */
  readonly handled: () => void;
  /** Whether reading is held back. */
  readonly isShut: () => boolean;
}

/**
 * Counts what has come over a connection and was not handled.
 *
 * @example
 * ```ts
 * import { createValve } from "./valve.ts";
 *
 * const valve = createValve();
 * console.assert(valve.arrived({ kind: "held", attempts: [] }) === undefined); // Read on.
 * valve.handled();
 * ```
 */
export function createValve(): Valve {
  const waiting = createFifo<number>();
  let count = 0;
  let bytes = 0;
  let open: (() => void) | undefined;
  return {
    isShut: () => open !== undefined,
    arrived: (message) => {
      const more = bytesOf(message);
      waiting.push(more);
      count += 1;
      bytes += more;
      if (count >= waitingMax || bytes > waitingBytesMax) return new Promise((resolve) => open = resolve);
    },
    handled: () => {
      bytes -= waiting.shift() ?? 0;
      count -= 1;
      if (count > waitingLow || bytes > waitingBytesLow) return;
      open?.();
      open = undefined;
    },
  };
}

/** About how much memory a message takes. */
function bytesOf(message: WireMessage): number {
  switch (message.kind) {
    case "tasks":
      return message.tasks.reduce((sum, { payload }) => sum + entryBytes + payload.length, 0);
    case "results":
      return message.results.reduce((sum, { payload }) => sum + entryBytes + payload.length, 0);
    case "acks":
    case "held":
      return entryBytes * message.attempts.length;
    case "control":
      return message.message.type === "log" ? message.message.text.length : entryBytes;
    default:
      return message.payload?.length ?? 0;
  }
}
