/** Long payloads in pieces that SQLite takes. Pure functions. @module */
import { partBytesMax } from "./schema.ts";

/** A payload in pieces; at least one. */
export function split(payload: Uint8Array, bytesMax: number = partBytesMax): Uint8Array[] {
  if (payload.length <= bytesMax) return [payload];
  const count = Math.ceil(payload.length / bytesMax);
  return Array.from({ length: count }, (_, i) => payload.subarray(i * bytesMax, (i + 1) * bytesMax));
}

/** The pieces of a payload in one. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
