/** The parser of frames, and the codecs of payloads, failures and control messages. */
import { assertEquals } from "jsr:@std/assert@^1";
import { createRandom } from "../../actors/clock.ts";
import { decodeControl, encodeControl } from "../../actors/remote/codec.ts";
import { createCompressor } from "../../actors/remote/compress.ts";
import { PayloadError, WireError } from "../../actors/remote/errors.ts";
import { decodeFailure, encodeFailure } from "../../actors/remote/failure.ts";
import { createInbox } from "../../actors/remote/inbox.ts";
import { resolveLimits } from "../../actors/remote/limits.ts";
import { createOutbox } from "../../actors/remote/outbox.ts";
import { decodePayload, encodePayload } from "../../actors/remote/payload.ts";
import { createPhase } from "../../actors/remote/phase.ts";
import type { ControlMessage } from "../../actors/remote/protocol.ts";
import { createFrameReader } from "../../actors/remote/reader.ts";
import type { Random } from "../../actors/types.ts";
import { someValue } from "../actors/remote/payload_values.ts";
import { someMessage } from "../actors/remote/support.ts";
import type { Target } from "./target.ts";

/** The share of accepted values that are written and read once more, to see whether they stay the same. */
const againShare = 1 / 16;

/** As small as they may be, so that short inputs reach them. */
const limits = resolveLimits({
  frameBytesMax: 4_096,
  chunkBytesMax: 1_024,
  controlBytesMax: 2_048,
  preAuthFrameBytesMax: 1_024,
  valueBytesMax: 16_384,
});

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Streams of a few messages each, half of them compressed. */
export function frameCorpus(count = 200): Uint8Array[] {
  return Array.from({ length: count }, (_, seed) => {
    const random = createRandom(seed + 1);
    const { outboundLimit } = createPhase(limits, true);
    const compressor = seed % 2 ? createCompressor() : undefined;
    const outbox = createOutbox({ limits, bodyLimit: outboundLimit, compressor });
    for (let messages = 1 + seed % 3; messages > 0; messages--) {
      try {
        outbox.push(someMessage(random, 3_000));
      } catch (error) {
        // A message that is too long for these limits.
        if (!(error instanceof WireError)) throw error;
      }
    }
    const pieces: Uint8Array[] = [];
    for (let taken = outbox.take(); taken.length > 0; taken = outbox.take()) pieces.push(...taken);
    return concat(pieces);
  });
}

/** Reads a stream as a connection does, cut into reads of any size. */
function readStream(bytes: Uint8Array, random: Random): void {
  const phase = createPhase(limits, random.next() < 0.8);
  const inbox = createInbox(limits, phase.inboundLimit);
  const reader = createFrameReader(inbox.place);
  for (let at = 0; at < bytes.length;) {
    const space = reader.space();
    const count = Math.min(space.length, bytes.length - at, 1 + Math.floor(random.next() * bytes.length));
    space.set(bytes.subarray(at, at + count));
    at += count;
    reader.received(count);
    for (let frame = reader.next(phase.inboundLimit); frame; frame = reader.next(phase.inboundLimit)) {
      const message = inbox.accept(frame);
      if (message) phase.receiving(message);
    }
  }
  reader.finish();
  inbox.finish();
}

const isWireError = (error: unknown): boolean => error instanceof WireError;
const isPayloadError = (error: unknown): boolean => error instanceof PayloadError;

/** A stream of frames. */
export const frames: Target = {
  name: "frames",
  share: 360,
  corpus: frameCorpus(),
  isExpected: isWireError,
  run: readStream,
};

/** A value of the job. What is read can be written, and comes back the same. */
export const payload: Target = {
  name: "payload",
  share: 330,
  corpus: Array.from({ length: 400 }, (_, seed) => encodePayload(someValue(createRandom(seed + 1), 4))),
  isExpected: isPayloadError,
  run: (bytes, random) => {
    const value = decodePayload(bytes);
    if (random.next() >= againShare) return;
    const again = encodePayload(value);
    assertEquals(encodePayload(decodePayload(again)), again);
  },
};

/** What a node says of an attempt that failed. */
export const failure: Target = {
  name: "failure",
  share: 60,
  corpus: (["error", "decode", "timeout", "handed-back"] as const).map((kind) =>
    encodeFailure({ kind, name: "RangeError", message: "ä".repeat(20), stack: "at a\n  at b" })
  ),
  isExpected: isPayloadError,
  run: (bytes) => {
    const read = decodeFailure(bytes);
    assertEquals(decodeFailure(encodeFailure(read)), read);
  },
};

/** Control messages of every type. */
export function controlCorpus(): Uint8Array[] {
  const nonce = new Uint8Array(32).fill(7);
  const hex = "ab".repeat(32);
  const labels = { gpu: "1", constructor: "x" };
  const hello = { protocol: 1, package: "1.2.3", job: "test", codeHash: hex, name: "n", slots: 2, labels, nonce };
  const welcome = { protocol: 1, package: "1.2.3", node: hex.slice(0, 16), run: hex.slice(0, 32), heartbeatMs: 1_000 };
  const messages: ControlMessage[] = [
    { type: "hello", ...hello },
    { type: "hello", ...hello, resume: { run: hex.slice(0, 32), node: hex.slice(0, 16) }, lifetimeMs: 2 ** 40 },
    { type: "proof", proof: nonce },
    { type: "welcome", ...welcome, resumed: false, options: encodePayload({ size: 1 }) },
    { type: "refused", code: "job-mismatch", message: "no", retry: false },
    { type: "heartbeat", busy: 3, queued: 1 },
    { type: "log", level: "warn", text: "a line\nand another", task: 2 ** 40, attempt: 1 },
    { type: "progress", task: 5, attempt: 2, fraction: 0.25 },
    { type: "leave", reason: "SIGTERM", drainMs: 10_000 },
    { type: "cancel", attempts: [{ task: 1, attempt: 2 }, { task: Number.MAX_SAFE_INTEGER, attempt: 1 }] },
    { type: "recall", attempts: [{ task: 2 ** 33, attempt: 1 }] },
    { type: "finished", outcome: "complete", message: "done" },
  ];
  return messages.map(encodeControl);
}

/** A control message. What is read can be written, and comes back the same. */
export const control: Target = {
  name: "control",
  share: 200,
  corpus: controlCorpus(),
  isExpected: isWireError,
  run: (bytes) => {
    const message = decodeControl(bytes);
    assertEquals(decodeControl(encodeControl(message)), message);
  },
};
