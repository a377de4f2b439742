/**
 * Control messages as bytes: MessagePack maps, checked field by field.
 *
 * @module
 */
import { decode, encode, type ValueType } from "jsr:@std/msgpack@^1";
import { checkControl } from "./control.ts";
import { WireError } from "./errors.ts";
import { checkMessagePack, controlMessage } from "./payload_check.ts";
import type { ControlMessage } from "./protocol.ts";
import { cutText } from "./text.ts";

/** Writes a control message. Texts for people are cut at `textLengthMax`. */
export function encodeControl(message: ControlMessage): Uint8Array {
  const fields: Record<string, ValueType> = {};
  for (const [key, value] of Object.entries(message)) {
    if (value !== undefined) fields[key] = value as ValueType;
  }
  if (message.type === "log") fields.text = cutText(message.text);
  if (message.type === "finished" || message.type === "refused") fields.message = cutText(message.message);
  if (message.type === "leave") fields.reason = cutText(message.reason);
  // A flat list, for a map for each attempt is several times as long.
  if (message.type === "cancel" || message.type === "recall") {
    fields.attempts = message.attempts.flatMap((each) => [each.task, each.attempt]);
  }
  return encode(fields);
}

/**
 * Reads a control message. It holds copies, so that `bytes` may be written over afterwards.
 *
 * @throws {WireError} code `control-invalid`
 */
export function decodeControl(bytes: Uint8Array): ControlMessage {
  let value: ValueType;
  try {
    // First, for the library takes announced lengths at their word, and nested ones multiply.
    checkMessagePack(bytes, 0, bytes.length, controlMessage);
    value = decode(bytes);
  } catch (cause) {
    throw new WireError("control-invalid", `${bytes.length} bytes are not a control message: not MessagePack`, {
      cause,
    });
  }
  return checkControl(value);
}
