/**
 * What carries the bytes: a pair of interfaces that hide whether that is TCP, TLS or memory.
 *
 * @module
 */

/** Where a listener is, or shall be. */
export interface Address {
  /** A host name or an IP address. */
  readonly host: string;
  /** 0 asks a listener for any free port. */
  readonly port: number;
}

/** One end of a stream of bytes in both directions. */
export interface Link {
  /** Reads at least one byte into `buffer`. @returns How many, or `null` at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of `data`. @returns How many bytes were taken. */
  write(data: Uint8Array): Promise<number>;
  /** Ends this end's half of the stream, so that the peer reads its end; this end can still read. */
  closeWrite?(): Promise<void>;
  /** Closes both halves. Reads and writes under way end or reject. */
  close(): void;
  /** Whom it is connected to, for people. */
  readonly remoteAddress: string;
  /** Set where bytes cost nothing (loopback, memory), so that compressing them is a waste. */
  readonly local?: boolean;
  /**
   * What both ends of an encrypted link know of it and nobody between them can forge: the SHA-256 of the certificate of
   * the end that listens. Absent where nothing is encrypted.
   */
  readonly channel?: Uint8Array;
}

/** Takes connections at an address. */
export interface Listener {
  /**
   * Waits for the next connection.
   *
   * @throws {TransportError} code `listener-closed` after {@linkcode Listener.close}; code `accept-failed` when the
   * system refuses for now, such as for want of file descriptors.
   */
  accept(): Promise<Link>;
  /** Stops listening. Links that were accepted live on. */
  close(): void;
  /** Where it listens; the port is never 0. */
  readonly address: Address;
}

/** Options of {@linkcode Transport.connect}. */
export interface ConnectOptions {
  /** How long to wait for the connection, in milliseconds. @default no limit but the system's own */
  readonly timeoutMs?: number;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
}

/** A way to connect and to listen. */
export interface Transport {
  /**
   * Connects to a listener.
   *
   * @throws {TransportError} codes `connect-refused`, `connect-timeout`, `connect-aborted`, `connect-failed`
   */
  connect(address: Address, options?: ConnectOptions): Promise<Link>;
  /**
   * Listens at an address.
   *
   * @throws {TransportError} codes `address-in-use`, `listen-failed`, `tls-invalid`
   */
  listen(address: Address): Promise<Listener>;
}

/** An address as people write it, with brackets around an IPv6 host. */
export function formatAddress(address: Address): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
