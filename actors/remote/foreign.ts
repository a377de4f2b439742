/**
 * Other protocols, told by their first bytes: whoever mixes up ports or settings shall read what is wrong.
 *
 * @module
 */

/** The records of TLS: change of cipher, alert, handshake, data. */
const tlsRecords = { min: 0x14, max: 0x17 };
const texts: readonly [pattern: RegExp, what: string][] = [
  [
    /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|PRI) /,
    "the peer sent an HTTP request: this is no web server",
  ],
  [/^HTTP\/\d/, "the peer is a web server: dial the address that the server of the job prints"],
  [/^SSH-/, "the peer speaks SSH: dial the address that the server of the job prints"],
];

/** What the peer speaks and what to do, if its first bytes are those of a protocol that people know. */
export function recogniseForeign(bytes: Uint8Array): string | undefined {
  if (bytes[0] >= tlsRecords.min && bytes[0] <= tlsRecords.max && bytes[1] === 3) {
    return "the peer speaks TLS, and this side does not: start both with --encrypt, or neither";
  }
  const head = String.fromCharCode(...bytes.subarray(0, 16));
  return texts.find(([pattern]) => pattern.test(head))?.[1];
}
