/**
 * A message as what goes on the wire: small frames, and large values that go in chunks.
 *
 * @module
 */
import { encodeAttempts } from "./attempts.ts";
import {
  batchHeaderBytes,
  encodeBatch,
  entryBytes,
  type EntryLayout,
  resultLayout,
  taskLayout,
  writeUint64,
} from "./batch.ts";
import { encodeControl } from "./codec.ts";
import { type FrameType, frameType } from "./frame.ts";
import type { ControlMessage, WireMessage } from "./protocol.ts";

/** A body for one frame. */
export interface SmallPart {
  readonly size: "small";
  readonly type: FrameType;
  readonly body: Uint8Array;
  /** `urgent` overtakes all, `free` may overtake large values, `ordered` may not. */
  readonly lane: "urgent" | "free" | "ordered";
}

/** A value for several frames. */
export interface LargePart {
  readonly size: "large";
  readonly type: FrameType;
  /** The body of the `valueStart` frame, without the number of the stream. */
  readonly start: Uint8Array;
  readonly payload: Uint8Array;
}

/** A payload above this is not copied into a frame with others, but goes in chunks, if only one; in bytes. */
const smallBytesMax = 256 * 1024;

/** The part of a `valueStart` body before the entry's own header. */
export const valueStartBytes = 16;
/** Where the fields of a `valueStart` body stand. */
export const valueStartAt = { stream: 0, type: 4, length: 8 } as const;
/** The part of a `valueChunk` body before the data. */
export const valueChunkBytes = 8;

/**
 * The lanes of control messages; all others are ordered. What is said of tasks keeps its order with the tasks and
 * results around it: a `cancel` that came before its task would be in vain.
 */
const lanes: { readonly [T in ControlMessage["type"]]?: SmallPart["lane"] } = {
  heartbeat: "urgent",
  cancel: "free",
  recall: "free",
  log: "free",
  progress: "free",
};
/** How many attempts go in one `cancel` or `recall`, so that it stays below the limit of a control message. */
const attemptsMax = 4096;

/** Whether a payload goes by itself, in chunks. */
function isLarge(payload: Uint8Array, chunkBytesMax: number): boolean {
  return payload.length > Math.min(chunkBytesMax, smallBytesMax);
}

/**
 * Splits a message. Small payloads are copied, large ones are kept.
 *
 * @param chunkBytesMax How many bytes of payloads may go in a small frame
 * @throws {RangeError} If a number of an entry does not fit its field.
 */
export function messageParts(message: WireMessage, chunkBytesMax: number): (SmallPart | LargePart)[] {
  switch (message.kind) {
    case "control":
      return controlParts(message.message);
    case "tasks":
      return batchParts(frameType.tasks, taskLayout, message.tasks, chunkBytesMax);
    case "results":
      return batchParts(frameType.results, resultLayout, message.results, chunkBytesMax);
    case "acks":
    case "held":
      return encodeAttempts(message.attempts, chunkBytesMax).map((body) => {
        return { size: "small", type: frameType[message.kind], body, lane: "free" };
      });
    case "initial": {
      const { payload } = message;
      if (payload && isLarge(payload, chunkBytesMax)) return [largePart(frameType.initial, 0, payload, () => {})];
      const body = new Uint8Array(8 + (payload?.length ?? 0));
      body[0] = payload ? 1 : 0;
      if (payload) body.set(payload, 8);
      return [{ size: "small", type: frameType.initial, body, lane: "ordered" }];
    }
    case "custom": {
      const { payload } = message;
      if (isLarge(payload, chunkBytesMax)) return [largePart(frameType.custom, 0, payload, () => {})];
      return [{ size: "small", type: frameType.custom, body: payload, lane: "ordered" }];
    }
  }
}

function controlParts(message: ControlMessage): SmallPart[] {
  const isList = message.type === "cancel" || message.type === "recall";
  if (isList && message.attempts.length > attemptsMax) {
    const head = { ...message, attempts: message.attempts.slice(0, attemptsMax) };
    const rest = { ...message, attempts: message.attempts.slice(attemptsMax) };
    return [...controlParts(head), ...controlParts(rest)];
  }
  const lane = lanes[message.type] ?? "ordered";
  return [{ size: "small", type: frameType.control, body: encodeControl(message), lane }];
}

function batchParts<Head>(
  type: FrameType,
  layout: EntryLayout<Head>,
  entries: readonly (Head & { readonly payload: Uint8Array })[],
  chunkBytesMax: number,
): (SmallPart | LargePart)[] {
  const parts: (SmallPart | LargePart)[] = [];
  let from = 0;
  let bytes = batchHeaderBytes;
  const flush = (to: number) => {
    if (to > from) {
      const body = encodeBatch(layout, from === 0 && to === entries.length ? entries : entries.slice(from, to));
      parts.push({ size: "small", type, body, lane: "free" });
    }
    from = to;
    bytes = batchHeaderBytes;
  };
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i];
    if (isLarge(entry.payload, chunkBytesMax)) {
      flush(i);
      parts.push(largePart(type, layout.headBytes, entry.payload, (view, at) => layout.write(view, at, entry, 0)));
      from = i + 1;
      continue;
    }
    const more = entryBytes(layout, entry.payload);
    // One entry always fits: chunkBytesMax leaves room for its header.
    if (bytes + more > batchHeaderBytes + layout.headBytes + chunkBytesMax) flush(i);
    bytes += more;
  }
  flush(entries.length);
  return parts;
}

function largePart(
  type: FrameType,
  headBytes: number,
  payload: Uint8Array,
  writeHead: (view: DataView, at: number) => void,
): LargePart {
  const start = new Uint8Array(valueStartBytes + headBytes);
  const view = new DataView(start.buffer);
  view.setUint32(valueStartAt.type, type, true);
  writeUint64(view, valueStartAt.length, payload.length);
  writeHead(view, valueStartBytes);
  return { size: "large", type, start, payload };
}
