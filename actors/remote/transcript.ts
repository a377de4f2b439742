/**
 * What the proofs of the handshake are made over: both introductions as bytes, in a form that does not depend on how a
 * codec writes them. Specified in docs/protocol.md.
 *
 * @module
 */
import type { Hello, OperatorHello } from "./protocol.ts";

/** Whose proof it is. Each has its own label, so that a proof cannot be sent back to whom it came from. */
export type Prover = "server" | "client";

/** What both sides have seen of a handshake. */
export interface Seen {
  /** The client's introduction, its nonce included. */
  readonly hello: Hello | OperatorHello;
  /** The nonce of the server's challenge. */
  readonly serverNonce: Uint8Array;
  /** What binds the proof to an encrypted link, see `Link.channel`. @default nothing */
  readonly channel?: Uint8Array;
}

const encoder = new TextEncoder();

/** The bytes that a proof is an HMAC of: a sequence of fields, each behind its length of 32 bits, little-endian. */
export function transcript(prover: Prover, { hello, serverNonce, channel }: Seen): Uint8Array<ArrayBuffer> {
  const texts = [
    `gristmill handshake ${prover}`,
    hello.type === "hello" ? "node" : "operator",
    String(hello.protocol),
    hello.package,
    hello.name,
    ...(hello.type === "hello" ? nodeFields(hello) : []),
  ];
  const bytes = [hello.nonce, serverNonce, channel ?? new Uint8Array()];
  return joinFields([...texts.map((text) => encoder.encode(text)), ...bytes]);
}

function nodeFields(hello: Hello): string[] {
  const keys = Object.keys(hello.labels).sort(byCodeUnits);
  return [
    hello.job,
    hello.codeHash,
    String(hello.slots),
    String(keys.length),
    ...keys.flatMap((key) => [key, hello.labels[key]]),
    hello.resume?.run ?? "",
    hello.resume?.node ?? "",
    hello.lifetimeMs === undefined ? "" : String(hello.lifetimeMs),
  ];
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
