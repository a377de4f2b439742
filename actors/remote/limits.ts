/**
 * The limits of a connection.
 *
 * @module
 */
import { type CrossedLimit, WireError, type WireErrorCode } from "./errors.ts";

/** What one connection accepts and sends. Both sides should run with the same limits. */
export interface WireLimits {
  /** The longest body of a frame, in bytes, decompressed. @default 4 MiB */
  readonly frameBytesMax: number;
  /** The longest control message, in bytes; at most `frameBytesMax`. @default 256 KiB */
  readonly controlBytesMax: number;
  /** The longest body of a frame from a peer that has not been welcomed yet, in bytes. @default 4096 */
  readonly preAuthFrameBytesMax: number;
  /** The longest single value: a task's data, a result, initial data or a custom message, in bytes. @default 8 GiB */
  readonly valueBytesMax: number;
  /**
   * The longest value that goes in one piece, and the size of the pieces of a longer one, in bytes; a multiple of 8
   * and at least 64 below `frameBytesMax`. @default 1 MiB
   */
  readonly chunkBytesMax: number;
  /**
   * How much may wait to be written, in bytes, before another message ends the connection, for its peer does not read.
   * Tasks and results do not count: how many are out is bounded elsewhere. @default 64 MiB
   */
  readonly queuedBytesMax: number;
  /** How long the peer may read nothing while something waits for it, in milliseconds. @default 60000 */
  readonly idleTimeoutMs: number;
}

/** What a frame of entries needs beyond one chunk: its own fields and those of an entry. */
const chunkOverheadBytes = 64;

/**
 * Fills in the defaults and checks the limits.
 *
 * @throws {RangeError} If a limit is not a whole number within its bounds.
 */
export function resolveLimits(limits: Partial<WireLimits> = {}): WireLimits {
  const frameBytesMax = limits.frameBytesMax ?? 4 * 1024 ** 2;
  between("frameBytesMax", frameBytesMax, 4096, 1024 ** 3);
  const chunkBytesMax = limits.chunkBytesMax ?? Math.min(1024 ** 2, (frameBytesMax - chunkOverheadBytes) & ~7);
  between("chunkBytesMax", chunkBytesMax, 1024, frameBytesMax - chunkOverheadBytes);
  if (chunkBytesMax % 8 !== 0) {
    throw new RangeError(`chunkBytesMax is ${chunkBytesMax}: it must be a multiple of 8`);
  }
  const controlBytesMax = limits.controlBytesMax ?? Math.min(256 * 1024, frameBytesMax);
  between("controlBytesMax", controlBytesMax, 1024, frameBytesMax);
  const preAuthFrameBytesMax = limits.preAuthFrameBytesMax ?? Math.min(4096, controlBytesMax);
  between("preAuthFrameBytesMax", preAuthFrameBytesMax, 512, controlBytesMax);
  const valueBytesMax = limits.valueBytesMax ?? 8 * 1024 ** 3;
  between("valueBytesMax", valueBytesMax, 1, Number.MAX_SAFE_INTEGER);
  const queuedBytesMax = limits.queuedBytesMax ?? 64 * 1024 ** 2;
  between("queuedBytesMax", queuedBytesMax, 1024, Number.MAX_SAFE_INTEGER);
  const idleTimeoutMs = limits.idleTimeoutMs ?? 60_000;
  between("idleTimeoutMs", idleTimeoutMs, 1, Number.MAX_SAFE_INTEGER);
  return {
    queuedBytesMax,
    idleTimeoutMs,
    frameBytesMax,
    controlBytesMax,
    preAuthFrameBytesMax,
    valueBytesMax,
    chunkBytesMax,
  };
}

/** The flag of a setting on the command line: `valueBytesMax` is `--value-bytes-max`; units of time are left out. */
export function flagOf(option: string): string {
  return `--${option.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Checks a value against a limit that an option sets. @throws {WireError} If it is above. */
export function withinLimit(code: WireErrorCode, what: string, crossed: CrossedLimit): void {
  if (crossed.value <= crossed.limit) return;
  const { value, limit, option } = crossed;
  const remedy = `raise ${option} (option ${flagOf(option)})`;
  throw new WireError(code, `${what} has ${value} bytes, and at most ${limit} are allowed: ${remedy}`, { crossed });
}

function between(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}: it must be a whole number from ${min} to ${max}`);
}
