/**
 * Frames as messages: the receiving half of {@link ./outbox.ts}, apart from sockets.
 *
 * @module
 */
import { createAttemptReader } from "./attempts.ts";
import { decodeBatch, resultLayout, taskLayout } from "./batch.ts";
import { decodeControl } from "./codec.ts";
import { decompress } from "./compress.ts";
import { damaged, WireError } from "./errors.ts";
import { type BodyLimit, type Frame, type FrameType, frameType } from "./frame.ts";
import type { WireLimits } from "./limits.ts";
import type { PlaceChunk } from "./placed_chunk.ts";
import type { WireMessage } from "./protocol.ts";
import { createValueReader } from "./value_reader.ts";

/** Turns the frames of one connection into messages. */
export interface Inbox {
  /**
   * Takes a frame. A frame of a value or a list that is not whole yet makes no message.
   *
   * @throws {WireError} If the frame does not hold what it must.
   */
  readonly accept: (frame: Frame) => WireMessage | undefined;
  /** As `PlaceChunk` of a reader. @throws {WireError} If the chunk does not belong here. */
  readonly place: PlaceChunk;
  /** Checks that the stream may end here. @throws {WireError} code `frame-truncated` */
  readonly finish: () => void;
}

/** An inbox that has seen nothing yet. */
export function createInbox(limits: WireLimits, bodyLimit: (type: FrameType) => BodyLimit): Inbox {
  const values = createValueReader(limits);
  const lists = { acks: createAttemptReader(), held: createAttemptReader() };

  const acceptList = (kind: "acks" | "held", body: Uint8Array): WireMessage | undefined => {
    const attempts = lists[kind].accept(body);
    return attempts && { kind, attempts };
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
          values.start(body);
          return undefined;
        case frameType.valueChunk:
          return frame.isPlaced ? values.placed(body.length) : values.chunk(body);
      }
    },
    place: values.place,
    finish: () => {
      const missing = lists.acks.missing() + lists.held.missing();
      if (missing > 0) {
        throw new WireError("frame-truncated", `the stream ended inside a list: ${missing} attempts were to come`);
      }
      values.finish();
    },
  };
}

function readInitial(body: Uint8Array): Uint8Array | undefined {
  const present = body.length >= 8 && body.subarray(1, 8).every((byte) => byte === 0) ? body[0] : -1;
  if (present === 0 && body.length === 8) return undefined;
  if (present === 1) return body.subarray(8);
  throw damaged("value-invalid", "a frame with initial data has a damaged header");
}
