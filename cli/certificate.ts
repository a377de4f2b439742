/**
 * Makes certificates that vouch for themselves, and keeps them in files.
 *
 * @module
 */
import { UsageError } from "./errors.ts";
import { dateMs, hostName } from "./machine.ts";

/** How long a certificate is good, in days: it is trusted by its fingerprint, not for its date. */
export const certificateDays = 3_650;
const dayMs = 86_400_000;

/** A certificate and its key, in PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly certificateKey: string;
}

/**
 * Makes a key (ECDSA, P-256) and a certificate for it, for this machine and for `names`.
 *
 * @param names Host names and IP addresses
 * @param days How long it is good from now on
 */
export async function createCertificate(names: readonly string[], days = certificateDays): Promise<CertificatePair> {
  // Loaded where they are needed: they are large, and few need them.
  const [{ generate }, { isIP }] = await Promise.all([import("npm:selfsigned@^5"), import("node:net")]);
  const nowMs = dateMs();
  const all = new Set([hostName("localhost"), "localhost", "127.0.0.1", "::1", ...names]);
  const altNames = Array.from(
    all,
    (name) => isIP(name) ? { type: 7, ip: name } as const : { type: 2, value: name } as const,
  );
  const { cert, private: certificateKey } = await generate([{ name: "commonName", value: "gristmill" }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    // A machine whose clock is a day behind takes it as well.
    notBeforeDate: new Date(nowMs - dayMs),
    notAfterDate: new Date(nowMs + days * dayMs),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames },
    ],
  });
  return { certificate: `${cert.trim()}\n`, certificateKey: `${certificateKey.trim()}\n` };
}

/** Writes a new file that only its owner can read. @throws {UsageError} If it cannot be made, or is there. */
export function writeSecret(path: string, text: string): void {
  try {
    Deno.writeTextFileSync(path, text, { createNew: true, mode: 0o600 });
  } catch (cause) {
    const why = cause instanceof Deno.errors.AlreadyExists
      ? "it is there, and is not overwritten"
      : (cause as Error).message;
    throw new UsageError(`Cannot write ${path}: ${why}`, { cause });
  }
}

/** Reads a certificate, key or authority. @throws {UsageError} If it cannot be read. */
export function readPem(path: string, option: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound ? "there is no such file" : (cause as Error).message;
    throw new UsageError(`Cannot read ${path}: ${why} (option --${option})`, { cause });
  }
}

/**
 * The certificate of one server, made if it is not there yet: who resumes a job must keep it, for nodes that still run
 * have its fingerprint.
 *
 * @param path The file with both parts; `undefined` to keep it nowhere
 */
export async function keepCertificate(path: string | undefined, names: readonly string[]): Promise<CertificatePair> {
  if (path === undefined) return await createCertificate(names);
  const kept = readKept(path);
  if (kept !== undefined) return { certificate: kept, certificateKey: kept };
  const made = await createCertificate(names);
  writeSecret(path, made.certificate + made.certificateKey);
  return made;
}

function readKept(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw new UsageError(`Cannot read the server's certificate in ${path}: ${(cause as Error).message}`, { cause });
  }
}
