/**
 * The network as the settings want it.
 *
 * @module
 */
import { TransportError } from "../actors/remote/errors.ts";
import { tcpTransport } from "../actors/remote/tcp.ts";
import { formatAddress, type Listener, type Transport } from "../actors/remote/transport.ts";
import type { Config } from "../server/config.ts";
import { UsageError } from "./errors.ts";

/** TCP, or TLS with the files of the settings. */
export function networkOf(config: Config): Transport {
  if (!config.encrypt) return tcpTransport();
  const { certificateFile, certificateKeyFile, authorityFile } = config;
  return tcpTransport({
    tls: {
      certificateFile: certificateFile || undefined,
      certificateKeyFile: certificateKeyFile || undefined,
      authorityFile: authorityFile || undefined,
    },
  });
}

/**
 * Listens where the settings say.
 *
 * @throws {UsageError} If another program listens there, or the address is none of this machine's.
 */
export async function openListener(config: Config): Promise<Listener> {
  const { host, port } = config;
  try {
    return await networkOf(config).listen({ host, port });
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
