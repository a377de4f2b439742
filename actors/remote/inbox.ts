/**
 * Frames as messages: the receiving half of {@link ./outbox.ts}, apart from sockets.
 *
 * @module
 */
import { createAttemptReader } from "./attempts.ts";
import { decodeBatch, readResult, readTask, readUint64, resultLayout, taskLayout } from "./batch.ts";
import { decodeControl } from "./codec.ts";
import { decompress } from "./compress.ts";
import { WireError } from "./errors.ts";
import { type BodyLimit, type Frame, type FrameType, frameType } from "./frame.ts";
import { type WireLimits, withinLimit } from "./limits.ts";
import { valueChunkBytes, valueStartAt, valueStartBytes } from "./parts.ts";
import type { WireMessage } from "./protocol.ts";

/** Turns the frames of one connection into messages. */
export interface Inbox {
  /**
   * Takes a frame. A frame of a value or a list that is not whole yet makes no message.
   *
   * @throws {WireError} If the frame does not hold what it must.
   */
  readonly accept: (frame: Frame) => WireMessage | undefined;
  /** Checks that the stream may end here. @throws {WireError} code `frame-truncated` */
  readonly finish: () => void;
}

/** A value whose chunks are coming. */
interface OpenValue {
  readonly stream: number;
  readonly length: number;
  readonly complete: (payload: Uint8Array) => WireMessage;
  bytes: Uint8Array;
  received: number;
}

/** An inbox that has seen nothing yet. */
export function createInbox(limits: WireLimits, bodyLimit: (type: FrameType) => BodyLimit): Inbox {
  let open: OpenValue | undefined;
  const lists = { acks: createAttemptReader(), held: createAttemptReader() };

  const acceptList = (kind: "acks" | "held", body: Uint8Array): WireMessage | undefined => {
    const attempts = lists[kind].accept(body);
    return attempts && { kind, attempts };
  };
  const acceptStart = (body: Uint8Array) => {
    if (open) throw invalid(`a value starts while ${open.length - open.received} bytes of another are to come`);
    open = readStart(body, limits);
  };
  const acceptChunk = (body: Uint8Array): WireMessage | undefined => {
    if (!open) throw invalid("a chunk belongs to no value");
    if (body.length <= valueChunkBytes) throw invalid("a chunk is empty");
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const stream = view.getUint32(0, true);
    if (stream !== open.stream || view.getUint32(4, true) !== 0) {
      throw invalid(`a chunk belongs to value ${stream} while value ${open.stream} is open`);
    }
    const data = body.subarray(valueChunkBytes);
    if (data.length > open.length - open.received) throw invalid(`a value has more than its ${open.length} bytes`);
    appendChunk(open, data);
    if (open.received < open.length) return undefined;
    const { complete, bytes } = open;
    open = undefined;
    return complete(bytes);
  };

  return {
    accept: (frame) => {
      const body = frame.compressed ? decompress(frame.body, bodyLimit(frame.type)) : frame.body;
      switch (frame.type) {
        case frameType.control:
          return { kind: "control", message: decodeControl(body) };
        case frameType.tasks:
          return { kind: "tasks", tasks: decodeBatch(taskLayout, body) };
        case frameType.results:
          return { kind: "results", results: decodeBatch(resultLayout, body) };
        case frameType.initial:
          return { kind: "initial", payload: readInitial(body) };
        case frameType.custom:
          return { kind: "custom", payload: body };
        case frameType.acks:
          return acceptList("acks", body);
        case frameType.held:
          return acceptList("held", body);
        case frameType.valueStart:
          acceptStart(body);
          return undefined;
        case frameType.valueChunk:
          return acceptChunk(body);
      }
    },
    finish: () => {
      const missing = lists.acks.missing() + lists.held.missing();
      if (missing > 0) {
        throw new WireError("frame-truncated", `the stream ended inside a list: ${missing} attempts were to come`);
      }
      if (!open) return;
      throw new WireError(
        "frame-truncated",
        `the stream ended inside a value: ${open.received} of ${open.length} bytes have come`,
      );
    },
  };
}

function readInitial(body: Uint8Array): Uint8Array | undefined {
  const present = body.length >= 8 && body.subarray(1, 8).every((byte) => byte === 0) ? body[0] : -1;
  if (present === 0 && body.length === 8) return undefined;
  if (present === 1) return body.subarray(8);
  throw invalid("a frame with initial data has a damaged header");
}

function readStart(body: Uint8Array, limits: WireLimits): OpenValue {
  if (body.length < valueStartBytes) throw invalid(`the start of a value has ${body.length} bytes`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const length = readUint64(view, valueStartAt.length);
  withinLimit("value-too-large", "a value", { value: length, limit: limits.valueBytesMax, option: "valueBytesMax" });
  if (length === 0) throw invalid("a value in chunks is empty");
  const complete = readCompletion(view);
  // Memory follows the bytes that have come, never the length that was announced.
  const bytes = new Uint8Array(Math.min(length, limits.chunkBytesMax));
  return { stream: view.getUint32(valueStartAt.stream, true), length, complete, bytes, received: 0 };
}

/** Stands for a payload that is still to come. */
const nothing = new Uint8Array();

/** What becomes of a value when it is whole. */
function readCompletion(view: DataView): (payload: Uint8Array) => WireMessage {
  const type = view.getUint32(valueStartAt.type, true);
  const headBytes = view.byteLength - valueStartBytes;
  if (type === frameType.tasks && headBytes === taskLayout.headBytes) {
    const head = readTask(view, valueStartBytes, nothing);
    return (payload) => ({ kind: "tasks", tasks: [{ ...head, payload }] });
  }
  if (type === frameType.results && headBytes === resultLayout.headBytes) {
    const head = readResult(view, valueStartBytes, nothing);
    return (payload) => ({ kind: "results", results: [{ ...head, payload }] });
  }
  if (type === frameType.initial && headBytes === 0) return (payload) => ({ kind: "initial", payload });
  if (type === frameType.custom && headBytes === 0) return (payload) => ({ kind: "custom", payload });
  throw invalid(`the start of a value of type ${type} has a header of ${headBytes} bytes`);
}

function appendChunk(value: OpenValue, data: Uint8Array): void {
  const needed = value.received + data.length;
  if (needed > value.bytes.length) {
    const grown = new Uint8Array(Math.min(value.length, Math.max(needed, 2 * value.bytes.length)));
    grown.set(value.bytes.subarray(0, value.received));
    value.bytes = grown;
  }
  value.bytes.set(data, value.received);
  value.received = needed;
}

function invalid(what: string): WireError {
  return new WireError("value-invalid", `${what}: the peer's frame is damaged`);
}
