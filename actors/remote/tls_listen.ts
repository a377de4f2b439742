/**
 * The end of a TLS link that listens: node:tls over a plain connection. What `Deno.listenTls` accepts keeps its
 * descriptor until the peer hangs up if it is closed in the midst of a handshake; so a stranger that says nothing could
 * not be got rid of.
 *
 * @module
 */
import type { Duplex } from "node:stream";
import { certificateHash } from "./certificate.ts";
import { asError, TransportError } from "./errors.ts";
import { createTlsLink } from "./tls.ts";
import type { Link } from "./transport.ts";
import { writeAll } from "./writer.ts";

/** What a listener shows, in PEM. */
export interface ShownCertificate {
  readonly certificate?: string;
  readonly certificateKey?: string;
}

/** The type of the record that TLS begins with (RFC 8446, section 5.1). */
const handshakeRecord = 22;
/** The alert `unexpected_message`, fatal, as a record (RFC 8446, sections 5.1 and 6). */
const unexpectedMessage = Uint8Array.of(21, 3, 3, 0, 2, 2, 10);
/** How much is read from a connection at once, in bytes. */
const readBytes = 64 * 1024;

/**
 * Prepares to speak TLS with those who connect. The link is there at once: a handshake that fails ends its first read.
 *
 * @throws {TransportError} code `tls-invalid`
 */
export async function prepareTls(
  { certificate: cert, certificateKey: key }: ShownCertificate,
): Promise<(plain: Link) => Link> {
  if (cert === undefined || key === undefined) {
    throw new TransportError("tls-invalid", "cannot listen with TLS: a certificate and its key are needed");
  }
  // Loaded where they are needed: they take longer to load than all of this package.
  const [{ TLSSocket }, stream, crypto] = await Promise.all([
    import("node:tls"),
    import("node:stream"),
    import("node:crypto"),
  ]);
  let channel: Uint8Array;
  try {
    channel = certificateHash(cert);
  } catch (cause) {
    throw new TransportError("tls-invalid", "cannot listen with TLS: the certificate is none in PEM", { cause });
  }
  try {
    const isPair = new crypto.X509Certificate(cert).checkPrivateKey(crypto.createPrivateKey(keyIn(key)));
    if (!isPair) throw new TypeError("the key does not belong to the certificate");
  } catch (cause) {
    throw new TransportError("tls-invalid", `cannot listen with TLS: ${asError(cause).message}`, { cause });
  }
  return (plain) => {
    let noTls: TransportError | undefined;
    const carrier = streamOf(plain, stream.Duplex, (error) => noTls = error);
    const socket = new TLSSocket(carrier as ConstructorParameters<typeof TLSSocket>[0], { isServer: true, cert, key });
    const link = createTlsLink(socket, channel, plain);
    return {
      ...link,
      read: async (buffer) => {
        const count = await link.read(buffer).catch((error) => Promise.reject(noTls ?? error));
        if (noTls) throw noTls;
        return count;
      },
      close: () => {
        link.close();
        carrier.destroy();
      },
    };
  };
}

/** The key of a file, in which there may be certificates as well. */
function keyIn(pem: string): string {
  return /-----BEGIN ([A-Z ]*)PRIVATE KEY-----.*?-----END \1PRIVATE KEY-----/s.exec(pem)?.[0] ?? pem;
}

/** A link as a stream of Node's. What does not begin as TLS does is answered as TLS would, and ended. */
function streamOf(link: Link, Stream: typeof Duplex, reject: (error: TransportError) => void): Duplex {
  let isFirst = true;
  const take = async (carrier: Duplex) => {
    const buffer = new Uint8Array(readBytes);
    const count = await link.read(buffer);
    if (isFirst && count !== null && buffer[0] !== handshakeRecord) {
      reject(plainRefused());
      await writeAll(link, [unexpectedMessage]);
      return void carrier.destroy();
    }
    isFirst = false;
    carrier.push(count === null ? null : buffer.subarray(0, count));
  };
  return new Stream({
    allowHalfOpen: true,
    read() {
      take(this).catch((error) => this.destroy(error));
    },
    write(data: Uint8Array, _encoding, done) {
      writeAll(link, [data]).then(() => done(), done);
    },
    final(done) {
      link.closeWrite!().then(() => done(), done);
    },
    destroy(error, done) {
      link.close();
      done(error);
    },
  });
}

const plainRefused = (): TransportError =>
  new TransportError(
    "connection-lost",
    "the peer does not speak TLS, which this side demands: start both with --encrypt, or neither",
  );
