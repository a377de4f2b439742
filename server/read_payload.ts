/**
 * Values from nodes: reading one may fail without anything being wrong with the server or its job.
 *
 * @module
 */
import { asError } from "../actors/remote/errors.ts";
import { decodePayload } from "../actors/remote/payload.ts";

/** A value, or why there is none. */
export type ReadPayload =
  | { readonly isReadable: true; readonly value: unknown }
  | { readonly isReadable: false; readonly why: string };

/** Reads a payload, whatever its bytes are. */
export function readPayload(payload: Uint8Array): ReadPayload {
  try {
    return { isReadable: true, value: decodePayload(payload) };
  } catch (thrown) {
    return { isReadable: false, why: asError(thrown).message };
  }
}
