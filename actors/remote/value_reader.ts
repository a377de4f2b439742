/**
 * The large values of one connection as they come: one at a time, each in chunks.
 *
 * @module
 */
import { readResult, readTask, readUint64, resultLayout, taskLayout } from "./batch.ts";
import { damaged, WireError } from "./errors.ts";
import { frameType } from "./frame.ts";
import { type WireLimits, withinLimit } from "./limits.ts";
import { type OpenValue, openValue } from "./open_value.ts";
import { valueChunkBytes, valueStartAt, valueStartBytes } from "./parts.ts";
import type { PlaceChunk } from "./placed_chunk.ts";
import type { WireMessage } from "./protocol.ts";

/** Puts values together. All of it but `finish` throws a {@linkcode WireError} if a frame does not belong here. */
export interface ValueReader {
  /** Takes the body of a `valueStart` frame. */
  readonly start: (body: Uint8Array) => void;
  /** Takes the body of a `valueChunk` frame. @returns The value's message, once it is whole */
  readonly chunk: (body: Uint8Array) => WireMessage | undefined;
  /** Says where the data of a chunk belongs, before all of it has come. */
  readonly place: PlaceChunk;
  /** Says that the `count` bytes of a chunk are where `place` said. @returns As `chunk` */
  readonly placed: (count: number) => WireMessage | undefined;
  /** Checks that the stream may end here. @throws {WireError} code `frame-truncated` */
  readonly finish: () => void;
}

/** A reader that has seen nothing yet. */
export function createValueReader(limits: WireLimits): ValueReader {
  let open: OpenValue | undefined;

  /** The value that a chunk of so many bytes belongs to. */
  const valueOf = (head: Uint8Array, count: number): OpenValue => {
    if (!open) throw damaged("value-invalid", "a chunk belongs to no value");
    if (count <= 0) throw damaged("value-invalid", "a chunk is empty");
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const stream = view.getUint32(0, true);
    if (stream !== open.stream || view.getUint32(4, true) !== 0) {
      throw damaged("value-invalid", `a chunk belongs to value ${stream} while value ${open.stream} is open`);
    }
    if (count > open.length - open.received()) {
      throw damaged("value-invalid", `a value has more than its ${open.length} bytes`);
    }
    return open;
  };
  const filled = (value: OpenValue, count: number): WireMessage | undefined => {
    const bytes = value.filled(count);
    if (!bytes) return undefined;
    open = undefined;
    return value.complete(bytes);
  };
  return {
    start: (body) => {
      if (open) {
        throw damaged(
          "value-invalid",
          `a value starts while ${open.length - open.received()} bytes of another are to come`,
        );
      }
      open = readStart(body, limits);
    },
    chunk: (body) => {
      const data = body.subarray(valueChunkBytes);
      const value = valueOf(body, data.length);
      value.room(data.length, data.length)!.set(data);
      return filled(value, data.length);
    },
    place: (head, count, come) => valueOf(head, count).room(count, come),
    placed: (count) => filled(open!, count),
    finish: () => {
      if (!open) return;
      throw new WireError(
        "frame-truncated",
        `the stream ended inside a value: ${open.received()} of ${open.length} bytes have come`,
      );
    },
  };
}

function readStart(body: Uint8Array, limits: WireLimits): OpenValue {
  if (body.length < valueStartBytes) throw damaged("value-invalid", `the start of a value has ${body.length} bytes`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const length = readUint64(view, valueStartAt.length);
  withinLimit("value-too-large", "a value", { value: length, limit: limits.valueBytesMax, option: "valueBytesMax" });
  if (length === 0) throw damaged("value-invalid", "a value in chunks is empty");
  const complete = readCompletion(view);
  return openValue({ stream: view.getUint32(valueStartAt.stream, true), length, complete });
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
  throw damaged("value-invalid", `the start of a value of type ${type} has a header of ${headBytes} bytes`);
}
