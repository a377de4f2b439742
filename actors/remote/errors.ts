/**
 * The errors of the wire: of its bytes, of its connections, and of the values that travel on it.
 *
 * @module
 */

/** Why bytes were not accepted, or a message could not be sent. */
export type WireErrorCode =
  /** The stream ended inside a frame or inside a chunked value. */
  | "frame-truncated"
  /** A frame's body is longer than the limit for its type. */
  | "frame-too-large"
  /** A header with an unknown type, unknown flags or a reserved field that is not zero. */
  | "frame-invalid"
  /** A frame that may not come before the handshake is over. */
  | "frame-unexpected"
  /** A control message of an unknown type, or one whose fields do not hold what they must. */
  | "control-invalid"
  /** A tasks or results frame whose entries do not add up. */
  | "batch-invalid"
  /** Chunks that do not belong to the value that is being received. */
  | "value-invalid"
  /** A value longer than the limit. */
  | "value-too-large"
  /** A compressed body that does not decompress to what it announced. */
  | "compression-invalid"
  /** A handshake message out of its turn. */
  | "handshake-unexpected"
  /** More waits to be written than may. */
  | "queue-too-long";

/** Which limit was crossed. */
export interface CrossedLimit {
  /** What was announced or given. */
  readonly value: number;
  /** What is allowed. */
  readonly limit: number;
  /** The name of the option that sets the limit. */
  readonly option: string;
}

/** The peer's bytes, or a message to send, break the protocol. It costs the connection, nothing more. */
export class WireError extends Error {
  override readonly name = "WireError";
  /** Stable. */
  readonly code: WireErrorCode;
  /** Set when a limit was crossed. */
  readonly crossed?: CrossedLimit;

  constructor(code: WireErrorCode, message: string, options: { cause?: unknown; crossed?: CrossedLimit } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.crossed) this.crossed = options.crossed;
  }
}

/** The error for a frame whose content does not add up. */
export function damaged(code: "batch-invalid" | "value-invalid", what: string): WireError {
  return new WireError(code, `${what}: the peer's frame is damaged`);
}

/** Why a connection could not be made, or ended. */
export type TransportErrorCode =
  /** Nobody listens at that address. */
  | "connect-refused"
  /** No answer in time. */
  | "connect-timeout"
  /** The caller's signal was aborted. */
  | "connect-aborted"
  /** The address cannot be reached, the name not resolved, or the TLS handshake failed. */
  | "connect-failed"
  /** The address is taken by another listener. */
  | "address-in-use"
  /** The address cannot be listened on. */
  | "listen-failed"
  /** The listener was closed. */
  | "listener-closed"
  /** A connection could not be accepted; a later try may succeed. */
  | "accept-failed"
  /** The connection broke while it was in use. */
  | "connection-lost"
  /** The connection was closed on this side. */
  | "connection-closed"
  /** The peer has read nothing for too long, though something waits for it. */
  | "peer-stalled"
  /** The peer did not introduce itself in time. */
  | "handshake-timeout"
  /** Too many connections are waiting to be introduced. */
  | "too-many-pending"
  /** The certificate of the listener is not the one that was pinned, or nobody vouches for it. */
  | "certificate-refused"
  /** There is no certificate or key for TLS, or none that can be used. */
  | "tls-invalid";

/** A connection could not be made, or broke. */
export class TransportError extends Error {
  /** The name of the class. */
  override readonly name = "TransportError";
  /** Stable. */
  readonly code: TransportErrorCode;

  /** Made by transports. */
  constructor(code: TransportErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}

/** Why a value could not be written or read. */
export type PayloadErrorCode = "payload-unsupported" | "payload-corrupt";

/** A value cannot travel, or bytes do not hold a value. */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
  /** Stable. */
  readonly code: PayloadErrorCode;
  /** Where in the value, such as `result.items[3].callback`, if the code is `payload-unsupported`. */
  readonly path?: string;
  /** What is there, such as `a function`, if the code is `payload-unsupported`. */
  readonly what?: string;

  constructor(
    code: PayloadErrorCode,
    message: string,
    options: { cause?: unknown; path?: string; what?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.path !== undefined) this.path = options.path;
    if (options.what !== undefined) this.what = options.what;
  }
}

/** The error itself if it is one, an error that says it otherwise. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
