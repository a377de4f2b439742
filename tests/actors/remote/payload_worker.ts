/**
 * A worker that gives back what it is sent, by way of the payload codec.
 *
 * @module
 */
import { decodePayload, encodePayload } from "../../../actors/remote/payload.ts";

const scope = self as unknown as { postMessage(message: unknown, options: { transfer: ArrayBuffer[] }): void };

addEventListener("message", (event) => {
  const bytes = encodePayload(decodePayload((event as MessageEvent<Uint8Array>).data));
  scope.postMessage(bytes, { transfer: [bytes.buffer] });
});
