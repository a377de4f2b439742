/**
 * A worker that gives back what it is sent, by way of the payload codec.
 *
 * @module
 */
import { decodePayload, encodePayload } from "../../../actors/remote/payload.ts";

addEventListener("message", (event) => {
  const bytes = encodePayload(decodePayload((event as MessageEvent<Uint8Array>).data));
  postMessage(bytes, { transfer: [bytes.buffer] });
});
