/**
 * TCP and TLS, by what Deno has.
 *
 * @module
 */
import { asError, TransportError, type TransportErrorCode } from "./errors.ts";
import {
  type Address,
  type ConnectOptions,
  formatAddress,
  type Link,
  type Listener,
  type Transport,
} from "./transport.ts";

/** Files for TLS, in PEM. */
export interface TlsFiles {
  /** The listener's certificate, followed by those that vouch for it. */
  readonly certificateFile?: string;
  /** The key of the listener's certificate. */
  readonly certificateKeyFile?: string;
  /** The certificates that the one who connects trusts, beside the well-known authorities. */
  readonly authorityFile?: string;
}

/** Options of {@linkcode tcpTransport}. */
export interface TcpOptions {
  /**
   * Speaks TLS. A listener needs a certificate and its key; who connects needs `authorityFile` unless a well-known
   * authority vouches for the listener. The certificate must name the host as it is dialed.
   *
   * @default plain TCP
   */
  readonly tls?: TlsFiles;
}

/**
 * A transport over TCP, without delay for small writes.
 *
 * @example
 * ```ts
 * import { tcpTransport } from "./tcp.ts";
 *
 * const transport = tcpTransport();
 * const listener = await transport.listen({ host: "127.0.0.1", port: 0 });
 * const dialed = await transport.connect(listener.address, { timeoutMs: 1000 });
 * const accepted = await listener.accept();
 * await dialed.write(new Uint8Array([1, 2, 3]));
 * console.assert(await accepted.read(new Uint8Array(8)) === 3);
 * dialed.close();
 * accepted.close();
 * listener.close();
 * ```
 */
export function tcpTransport(options: TcpOptions = {}): Transport {
  const { tls } = options;
  return {
    connect: (address, connectOptions = {}) => connect(address, tls, connectOptions),
    // deno-lint-ignore require-await -- so that what listening throws rejects
    listen: async (address) => listen(address, tls),
  };
}

async function connect(address: Address, tls: TlsFiles | undefined, options: ConnectOptions): Promise<Link> {
  const { timeoutMs, signal } = options;
  const where = formatAddress(address);
  if (signal?.aborted) throw new TransportError("connect-aborted", `did not connect to ${where}: aborted`);
  const caCerts = tls?.authorityFile === undefined ? [] : [readPem(tls.authorityFile)];
  const timeout = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => timeout.abort(), timeoutMs);
  const either = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal;
  let conn: Deno.Conn | undefined;
  try {
    conn = await Deno.connect({ hostname: address.host, port: address.port, signal: either });
    (conn as Deno.TcpConn).setNoDelay(true);
    if (tls) conn = await secure(conn as Deno.TcpConn, address.host, caCerts, either);
    either.throwIfAborted();
    return createLink(conn as Deno.TcpConn | Deno.TlsConn);
  } catch (cause) {
    tryClose(conn);
    if (signal?.aborted) throw new TransportError("connect-aborted", `did not connect to ${where}: aborted`, { cause });
    if (timeout.signal.aborted) {
      throw new TransportError("connect-timeout", `cannot connect to ${where}: no answer within ${timeoutMs} ms`, {
        cause,
      });
    }
    throw connectError(where, cause);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs the client's half of the TLS handshake. Closing the connection is the only way to end it early. */
async function secure(conn: Deno.TcpConn, host: string, caCerts: string[], signal: AbortSignal): Promise<Deno.TlsConn> {
  const secured = await Deno.startTls(conn, { hostname: host, caCerts });
  const give = () => tryClose(secured);
  signal.addEventListener("abort", give);
  try {
    await secured.handshake();
  } catch (error) {
    tryClose(secured);
    throw error;
  } finally {
    signal.removeEventListener("abort", give);
  }
  return secured;
}

function connectError(where: string, cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause;
  if (cause instanceof Deno.errors.ConnectionRefused) {
    return new TransportError("connect-refused", `cannot connect to ${where}: nobody listens there`, { cause });
  }
  return new TransportError("connect-failed", `cannot connect to ${where}: ${asError(cause).message}`, { cause });
}

function listen(address: Address, tls: TlsFiles | undefined): Listener {
  const where = { hostname: address.host, port: address.port };
  let listener: Deno.TcpListener | Deno.TlsListener;
  try {
    listener = tls ? Deno.listenTls({ ...where, ...certificate(tls) }) : Deno.listen(where);
  } catch (cause) {
    throw listenError(address, cause);
  }
  let closed = false;
  return {
    address: { host: address.host, port: listener.addr.port },
    accept: async () => {
      for (;;) {
        try {
          const conn = await listener.accept();
          if ("setNoDelay" in conn) conn.setNoDelay(true);
          return createLink(conn);
        } catch (cause) {
          if (closed) throw new TransportError("listener-closed", "the listener was closed", { cause });
          // The peer gave up while it waited to be accepted: its loss alone.
          if (cause instanceof Deno.errors.ConnectionReset || cause instanceof Deno.errors.ConnectionAborted) continue;
          const reason = asError(cause).message;
          throw new TransportError("accept-failed", `cannot accept a connection: ${reason}`, { cause });
        }
      }
    },
    close: () => {
      if (closed) return;
      closed = true;
      listener.close();
    },
  };
}

function certificate(tls: TlsFiles): { cert: string; key: string } {
  if (tls.certificateFile === undefined || tls.certificateKeyFile === undefined) {
    throw new TransportError("tls-invalid", "cannot listen with TLS: a certificate file and its key file are needed");
  }
  return { cert: readPem(tls.certificateFile), key: readPem(tls.certificateKeyFile) };
}

function readPem(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (cause) {
    throw new TransportError("tls-invalid", `cannot read ${file}: ${asError(cause).message}`, { cause });
  }
}

function listenError(address: Address, cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause;
  const where = formatAddress(address);
  if (cause instanceof Deno.errors.AddrInUse) {
    return new TransportError("address-in-use", `cannot listen on ${where}: the port is taken, choose another one`, {
      cause,
    });
  }
  const code: TransportErrorCode = "listen-failed";
  return new TransportError(code, `cannot listen on ${where}: ${asError(cause).message}`, { cause });
}

function createLink(conn: Deno.TcpConn | Deno.TlsConn): Link {
  const { hostname, port } = conn.remoteAddr;
  return {
    read: (buffer) => conn.read(buffer),
    write: (data) => conn.write(data),
    closeWrite: () => conn.closeWrite(),
    close: () => tryClose(conn),
    remoteAddress: formatAddress({ host: hostname, port }),
    local: hostname === "::1" || hostname.startsWith("127.") || hostname.startsWith("::ffff:127."),
  };
}

/** Closes what may have been closed already, by this side or with the other half. */
function tryClose(conn: { close(): void } | undefined): void {
  try {
    conn?.close();
  } catch {
    // It is closed, which is what is wanted.
  }
}
