/**
 * The failure of an attempt as bytes.
 *
 * @module
 */
import { PayloadError } from "./errors.ts";
import { decodePayload, encodePayload } from "./payload.ts";
import type { TaskFailure } from "./protocol.ts";
import { cutText, textLengthMax } from "./text.ts";

const kinds: readonly TaskFailure["kind"][] = ["error", "encode", "decode", "timeout", "worker-lost", "handed-back"];
const nameLengthMax = 256;
/** More than any failure within its bounds takes: three bytes for each code unit, and some for the rest. */
const failureBytesMax = 3 * (2 * textLengthMax + nameLengthMax) + 1024;

/** Writes a failure. Its message and its stack are cut at 64 Ki characters each, its name at 256. */
export function encodeFailure(failure: TaskFailure): Uint8Array<ArrayBuffer> {
  const { kind, name, message, stack } = failure;
  return encodePayload({
    kind,
    name: cutText(name, nameLengthMax),
    message: cutText(message),
    ...(stack !== undefined && { stack: cutText(stack) }),
  });
}

/** Reads a failure. @throws {PayloadError} code `payload-corrupt` */
export function decodeFailure(bytes: Uint8Array): TaskFailure {
  if (bytes.length > failureBytesMax) throw corrupt(`${bytes.length} bytes are too many`);
  const value = decodePayload(bytes);
  if (typeof value !== "object" || value === null) throw corrupt("it is not an object");
  const fields = value as Record<string, unknown>;
  const kind = kinds.find((each) => each === fields.kind);
  if (!kind) throw corrupt("its kind is unknown");
  const name = text(fields, "name", nameLengthMax);
  const message = text(fields, "message", textLengthMax);
  if (fields.stack === undefined) return { kind, name, message };
  return { kind, name, message, stack: text(fields, "stack", textLengthMax) };
}

function text(fields: Record<string, unknown>, key: string, lengthMax: number): string {
  const value = fields[key];
  if (typeof value === "string" && value.length <= lengthMax) return value;
  throw corrupt(`its ${key} is not a text of at most ${lengthMax} characters`);
}

function corrupt(what: string): PayloadError {
  return new PayloadError("payload-corrupt", `the bytes do not hold a failure: ${what}`);
}
