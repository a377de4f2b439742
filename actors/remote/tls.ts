/**
 * The end of a TLS link that connects, and what both ends share. They are made by node:tls, since that alone shows the
 * certificate of the peer, by which it can be pinned and proofs can be bound to the link.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { TLSSocket } from "node:tls";
import { formatFingerprint, hashCertificate, parseFingerprint } from "./certificate.ts";
import { asError, TransportError } from "./errors.ts";
import { type Address, formatAddress, type Link } from "./transport.ts";

/** Whom the one who connects trusts. */
export interface TlsTrust {
  /** Certificates in PEM that vouch for the listener, in place of the well-known authorities. */
  readonly authority?: string;
  /** The fingerprint of the listener's certificate, `sha256:...`; then nobody needs to vouch for it. */
  readonly fingerprint?: string;
}

/** How much that has come may wait to be read before the peer is held back, in bytes. */
const receivedBytesMax = 1024 ** 2;

/**
 * Connects, and checks the listener's certificate before anything is sent.
 *
 * @throws {TransportError} code `certificate-refused`, `connect-refused` or `connect-failed`
 */
export async function connectTls(address: Address, trust: TlsTrust, signal: AbortSignal): Promise<Link> {
  const { host, port } = address;
  const { authority, fingerprint } = trust;
  const wanted = fingerprint === undefined ? undefined : parseFingerprint(fingerprint);
  if (fingerprint !== undefined && !wanted) {
    throw new TransportError("tls-invalid", `cannot trust ${fingerprint}: a fingerprint is sha256: and 64 digits`);
  }
  // Loaded where they are needed: they take longer to load than all of this package.
  const [{ connect }, { isIP }] = await Promise.all([import("node:tls"), import("node:net")]);
  const socket = connect({
    ...{ host, port, allowHalfOpen: true },
    ...(isIP(host) ? {} : { servername: host }),
    ...(authority === undefined ? {} : { ca: [authority] }),
    // A pinned certificate needs nobody to vouch for it.
    rejectUnauthorized: wanted === undefined,
  });
  try {
    await secured(socket, signal);
    socket.setNoDelay(true);
    const channel = hashCertificate(new Uint8Array(socket.getPeerCertificate().raw));
    if (wanted && Buffer.compare(wanted, channel) !== 0) {
      throw new TransportError(
        "certificate-refused",
        `the certificate of ${formatAddress(address)} is ${formatFingerprint(channel)}, not ${fingerprint}: ` +
          "another server answers there, or it has another certificate now (see the line that it prints)",
      );
    }
    const about = { remoteAddress: formatAddress(address), local: isLocal(socket.remoteAddress ?? "") };
    return createTlsLink(socket, channel, about);
  } catch (error) {
    socket.on("error", () => {});
    socket.destroy();
    throw connectFault(address, error);
  }
}

function secured(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => reject(new Error("aborted"));
    const settle = (end: () => void) => {
      signal.removeEventListener("abort", give);
      socket.removeAllListeners();
      end();
    };
    if (signal.aborted) return give();
    signal.addEventListener("abort", give, { once: true });
    socket.once("secureConnect", () => settle(resolve));
    socket.once("error", (error) => settle(() => reject(error)));
    socket.once("close", () => settle(() => reject(new Error("the connection was closed"))));
  });
}

/** What the codes of failed handshakes mean. */
function connectFault(address: Address, thrown: unknown): TransportError {
  if (thrown instanceof TransportError) return thrown;
  const cause = asError(thrown);
  const where = formatAddress(address);
  const code = String((cause as { code?: unknown }).code ?? "");
  if (code === "ECONNREFUSED") {
    return new TransportError("connect-refused", `cannot connect to ${where}: nobody listens there`, { cause });
  }
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ECONNRESET") {
    const what = `${where} does not speak TLS: start the server with --encrypt, or this side without`;
    return new TransportError("connect-failed", what, { cause });
  }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return new TransportError(
      "certificate-refused",
      `the certificate of ${where} is not trusted: ${cause.message}; pin it by --fingerprint, as the server prints it`,
      { cause },
    );
  }
  return new TransportError("connect-failed", `cannot connect to ${where}: ${cause.message}`, { cause });
}

/** A link over a socket. */
export function createTlsLink(
  socket: TLSSocket,
  channel: Uint8Array,
  { remoteAddress, local }: Pick<Link, "remoteAddress" | "local">,
): Link {
  const received: Uint8Array[] = [];
  let receivedBytes = 0;
  let end: null | Error | undefined;
  let wake = Promise.withResolvers<void>();
  const announce = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const finish = (how: null | Error): void => {
    if (end === undefined) end = how;
    announce();
  };
  socket.on("data", (chunk: Uint8Array) => {
    received.push(chunk);
    receivedBytes += chunk.length;
    if (receivedBytes >= receivedBytesMax) socket.pause();
    announce();
  });
  socket.on("end", () => finish(null));
  socket.on("error", finish);
  socket.on("close", () => finish(new TransportError("connection-closed", "the connection was closed")));

  return {
    read: async (buffer) => {
      while (received.length === 0) {
        if (end === null) return null;
        if (end) throw end;
        await wake.promise;
      }
      const [chunk] = received;
      const count = Math.min(chunk.length, buffer.length);
      buffer.set(chunk.subarray(0, count));
      if (count === chunk.length) received.shift();
      else received[0] = chunk.subarray(count);
      receivedBytes -= count;
      if (receivedBytes < receivedBytesMax && socket.isPaused()) socket.resume();
      return count;
    },
    // Taken when it is written: until then the bytes may not change.
    write: (data) =>
      new Promise((resolve, reject) => {
        socket.write(data, (error) => error ? reject(error) : resolve(data.length));
        if (socket.destroyed) reject(end ?? new TransportError("connection-closed", "the connection was closed"));
      }),
    closeWrite: () => new Promise((resolve) => void socket.end(resolve)),
    close: () => void socket.destroy(),
    ...{ remoteAddress, local, channel },
  };
}

/** Whether an IP address is this machine's own. */
export function isLocal(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.") || ip.startsWith("::ffff:127.");
}
