/**
 * Frames that name attempts: acknowledgements, and what a node holds. A long list goes in several frames, each of which
 * says how many entries are still to come, so that a list is always taken as a whole.
 *
 * @module
 */
import { readTaskNumber, whole, writeUint64 } from "./batch.ts";
import { damaged } from "./errors.ts";
import type { Attempt } from "./protocol.ts";

/** The length of an entry, in bytes. */
export const attemptBytes = 16;
/** The length of a list's header, in bytes. */
const headerBytes = 8;
/** How many attempts one message may name: far more than a node can hold, for the server bounds what is out. */
export const attemptsMax = 2 ** 17;

const uint32Max = 2 ** 32 - 1;

/**
 * Writes a list as the bodies of one or more frames.
 *
 * @param bodyBytesMax The longest body, in bytes; room for one entry at least
 * @throws {RangeError} If a number does not fit its field, or there are more than {@linkcode attemptsMax}.
 */
export function encodeAttempts(attempts: readonly Attempt[], bodyBytesMax: number): Uint8Array[] {
  whole("the number of attempts in a message", attempts.length, 0, attemptsMax);
  const perBody = Math.floor((bodyBytesMax - headerBytes) / attemptBytes);
  const bodies: Uint8Array[] = [];
  let from = 0;
  do {
    const to = Math.min(attempts.length, from + perBody);
    bodies.push(encodeSome(attempts, from, to));
    from = to;
  } while (from < attempts.length);
  return bodies;
}

function encodeSome(attempts: readonly Attempt[], from: number, to: number): Uint8Array {
  const body = new Uint8Array(headerBytes + (to - from) * attemptBytes);
  const view = new DataView(body.buffer);
  view.setUint32(0, to - from, true);
  view.setUint32(4, attempts.length - to, true);
  for (let i = from, at = headerBytes; i < to; i++, at += attemptBytes) {
    writeUint64(view, at, whole("task", attempts[i].task, 0, Number.MAX_SAFE_INTEGER));
    view.setUint32(at + 8, whole("attempt", attempts[i].attempt, 0, uint32Max), true);
  }
  return body;
}

/** Puts the lists of one kind of frame together; see {@linkcode createAttemptReader}. */
export interface AttemptReader {
  /** Takes a body. @returns the list once it is whole. @throws {WireError} code `batch-invalid` */
  readonly accept: (body: Uint8Array) => Attempt[] | undefined;
  /** How many entries of a list that has begun are still to come. */
  readonly missing: () => number;
}

/** A reader that has seen nothing yet. */
export function createAttemptReader(): AttemptReader {
  let attempts: Attempt[] = [];
  let missing = 0;
  return {
    missing: () => missing,
    accept: (body) => {
      const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
      const count = body.length < headerBytes ? -1 : view.getUint32(0, true);
      if (body.length !== headerBytes + count * attemptBytes) {
        throw damaged("batch-invalid", `a list of attempts has ${body.length} bytes and announces ${count} entries`);
      }
      const rest = view.getUint32(4, true);
      if (missing > 0 ? rest !== missing - count : attempts.length + count + rest > attemptsMax) {
        throw damaged("batch-invalid", `a list of attempts goes on with ${count} entries, and then ${rest}`);
      }
      if (rest > 0 && count === 0) throw damaged("batch-invalid", "a list of attempts goes on without an entry");
      for (let at = headerBytes; at < body.length; at += attemptBytes) attempts.push(readAttempt(view, at));
      missing = rest;
      if (rest > 0) return undefined;
      const whole = attempts;
      attempts = [];
      return whole;
    },
  };
}

function readAttempt(view: DataView, at: number): Attempt {
  if (view.getUint32(at + 12, true) !== 0) {
    throw damaged("batch-invalid", "the reserved field of an attempt is not zero");
  }
  return { task: readTaskNumber(view, at), attempt: view.getUint32(at + 8, true) };
}
