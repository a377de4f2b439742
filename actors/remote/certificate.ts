/**
 * Certificates by their fingerprints: the SHA-256 of what stands in them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, X509Certificate } from "node:crypto";

/** The length of a fingerprint, in bytes. */
export const fingerprintBytes = 32;

/** The fingerprint of a certificate in DER. */
export function hashCertificate(der: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(der).digest());
}

/**
 * The fingerprint of the first certificate in a PEM text.
 *
 * @throws {Error} If there is none.
 */
export function certificateHash(pem: string): Uint8Array {
  return hashCertificate(new X509Certificate(Buffer.from(pem)).raw);
}

/** A fingerprint as people pass it on: `sha256:` and 64 hexadecimal digits. */
export function formatFingerprint(hash: Uint8Array): string {
  return `sha256:${hash.toHex()}`;
}

/** Reads a fingerprint, also as OpenSSL writes it (`AB:CD:...`). @returns `undefined` if it is none. */
export function parseFingerprint(text: string): Uint8Array | undefined {
  const digits = text.replace(/^sha256:/i, "").replaceAll(":", "");
  return /^[0-9a-f]{64}$/i.test(digits) ? Uint8Array.fromHex(digits) : undefined;
}
