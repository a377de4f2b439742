/**
 * The network as the settings want it.
 *
 * @module
 */
import { certificateHash, formatFingerprint } from "../actors/remote/certificate.ts";
import { TransportError } from "../actors/remote/errors.ts";
import { tcpTransport } from "../actors/remote/tcp.ts";
import { formatAddress, type Listener, type Transport } from "../actors/remote/transport.ts";
import type { Config } from "../server/config.ts";
import { isWildcard } from "./address.ts";
import { type CertificatePair, keepCertificate, readPem } from "./certificate.ts";
import { UsageError } from "./errors.ts";

/** How a node or an operator reaches the server: TCP, or TLS with whom the settings trust. */
export function networkOf({ encrypt, authorityFile, fingerprint }: Config): Transport {
  if (!encrypt) {
    if (fingerprint === "") return tcpTransport();
    throw new UsageError("Cannot pin a certificate without TLS: give --encrypt beside --fingerprint");
  }
  const authority = authorityFile === "" ? undefined : readPem(authorityFile, "authority-file");
  return tcpTransport({ tls: { authority, fingerprint: fingerprint || undefined } });
}

/** Where a server listens, and the certificate that it shows there, if any. */
export interface Opened {
  readonly listener: Listener;
  readonly fingerprint?: string;
}

/** The certificate that the settings name; else one of the server's own. */
async function certificateOf(config: Config, ownFile: string | undefined): Promise<CertificatePair> {
  const { certificateFile, certificateKeyFile, host } = config;
  if (certificateFile === "" && certificateKeyFile === "") {
    return await keepCertificate(ownFile, isWildcard(host) ? [] : [host]);
  }
  if (certificateFile === "" || certificateKeyFile === "") {
    throw new UsageError(
      "Cannot use half a certificate: give --certificate-file and --certificate-key-file, or neither",
    );
  }
  return {
    certificate: readPem(certificateFile, "certificate-file"),
    certificateKey: readPem(certificateKeyFile, "certificate-key-file"),
  };
}

/**
 * Listens where the settings say.
 *
 * @param ownFile Where the server keeps a certificate that it makes for itself; `undefined` for nowhere
 * @throws {UsageError} If another program listens there, or the address is none of this machine's.
 */
export async function openListener(config: Config, ownFile: string | undefined): Promise<Opened> {
  const { host, port } = config;
  const tls = config.encrypt ? await certificateOf(config, ownFile) : undefined;
  try {
    const listener = await tcpTransport({ tls }).listen({ host, port });
    return tls ? { listener, fingerprint: formatFingerprint(certificateHash(tls.certificate)) } : { listener };
  } catch (cause) {
    if (!(cause instanceof TransportError)) throw cause;
    const where = formatAddress({ host, port });
    if (cause.code === "address-in-use") {
      throw new UsageError(`Cannot listen on ${where}: the port is in use; choose another with --port (0 for any)`, {
        cause,
      });
    }
    if (cause.code === "tls-invalid") {
      throw new UsageError(`${cause.message} (options --certificate-file and --certificate-key-file)`, { cause });
    }
    throw new UsageError(`${cause.message} (options --host and --port)`, { cause });
  }
}
