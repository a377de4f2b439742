/**
 * What the proofs of the handshake are made over: both introductions as bytes, in a form that does not depend on how a
 * codec writes them. Specified in docs/protocol.md.
 *
 * @module
 */
import type { Hello } from "./protocol.ts";

/** Whose proof it is. Each has its own label, so that a proof cannot be sent back to whom it came from. */
export type Prover = "server" | "node";

const labels: Readonly<Record<Prover, string>> = {
  server: "gristmill handshake server",
  node: "gristmill handshake node",
};

const encoder = new TextEncoder();

/**
 * The bytes that a proof is an HMAC of: a sequence of fields, each behind its length of 32 bits, little-endian.
 *
 * @param hello The node's introduction, its nonce included
 * @param serverNonce The nonce of the server's challenge
 */
export function transcript(prover: Prover, hello: Hello, serverNonce: Uint8Array): Uint8Array<ArrayBuffer> {
  const keys = Object.keys(hello.labels).sort(byCodeUnits);
  const texts = [
    labels[prover],
    String(hello.protocol),
    hello.package,
    hello.job,
    hello.codeHash,
    hello.name,
    String(hello.slots),
    String(keys.length),
    ...keys.flatMap((key) => [key, hello.labels[key]]),
    hello.resume?.run ?? "",
    hello.resume?.node ?? "",
    hello.lifetimeMs === undefined ? "" : String(hello.lifetimeMs),
  ];
  return joinFields([...texts.map((text) => encoder.encode(text)), hello.nonce, serverNonce]);
}

/** A key, ready to make and to check proofs. */
export async function importKey(key: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return await crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, ["sign", "verify"]);
}

/** The HMAC-SHA-256 over a transcript. */
export async function prove(key: CryptoKey, bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
}

/** Whether a proof is right; in a time that does not tell how much of it is. */
export async function proves(
  key: CryptoKey,
  proof: Uint8Array,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return await crypto.subtle.verify("HMAC", key, new Uint8Array(proof), bytes);
}

function joinFields(fields: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(fields.reduce((total, field) => total + 4 + field.length, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const field of fields) {
    view.setUint32(at, field.length, true);
    joined.set(field, at + 4);
    at += 4 + field.length;
  }
  return joined;
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
