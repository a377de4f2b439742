/**
 * What crosses a machine: transports, connections, the handshake, and how values are written.
 *
 * This is for server/ and node/, and for tests; the package does not export it.
 *
 * @module
 */

/** What server and nodes say to each other. */
export type * from "./protocol.ts";
export { orderActions, protocolVersion } from "./protocol.ts";

/** Streams of bytes: TCP and TLS, memory, and memory that misbehaves. */
export { type Address, type ConnectOptions, formatAddress } from "./transport.ts";
export type { Link, Listener, Transport } from "./transport.ts";
export { type TcpOptions, tcpTransport, type TlsOptions } from "./tcp.ts";
export type { TlsTrust } from "./tls.ts";
export { type MemoryOptions, memoryTransport } from "./memory.ts";
export { type Faults, type FaultyOptions, type FaultyTransport, faultyTransport, type Matches } from "./faulty.ts";

/** Messages over a stream. */
export { type Connection, type ConnectionClosed, type ConnectionOptions, openConnection } from "./connection.ts";
export type { WireLimits } from "./limits.ts";

/** Who may come in. */
export { nodeHandshake, operatorHandshake, serverHandshake } from "./handshake.ts";
export type {
  ClientHandshake,
  ClientOutcome,
  HandshakeSecrets,
  HandshakeStep,
  NodeHandshake,
  NodeHandshakeOptions,
  OperatorHandshake,
  OperatorHandshakeOptions,
  RandomBytes,
  ServerHandshake,
  ServerHandshakeOptions,
  ServerOutcome,
} from "./handshake.ts";

export { checkToken, createToken, nodeToken, type Role } from "./token.ts";

/** Values and failures as bytes. */
export { decodePayload, encodePayload } from "./payload.ts";
export { decodeFailure, encodeFailure } from "./failure.ts";

/** What can go wrong. */
export { type CrossedLimit, PayloadError, type PayloadErrorCode } from "./errors.ts";
export { TransportError, type TransportErrorCode, WireError, type WireErrorCode } from "./errors.ts";
