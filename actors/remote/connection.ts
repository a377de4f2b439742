/**
 * A connection: messages over a link. It coalesces what is written, parses what is read, and bounds both.
 *
 * @module
 */
import type { Clock } from "../types.ts";
import { createCompressor } from "./compress.ts";
import { asError, TransportError, WireError } from "./errors.ts";
import { createInbox } from "./inbox.ts";
import { flagOf, resolveLimits, type WireLimits } from "./limits.ts";
import { createOutbox } from "./outbox.ts";
import { createPace } from "./pace.ts";
import { createPhase, type Phase } from "./phase.ts";
import { createFrameReader } from "./reader.ts";
import type { WireMessage } from "./protocol.ts";
import type { Link } from "./transport.ts";
import { createWriter } from "./writer.ts";

/** Messages to and from one peer. */
export interface Connection {
  /** Whom it is connected to, for people. */
  readonly remoteAddress: string;
  /** How many bytes are queued and not yet written. */
  readonly bytesQueued: number;
  /** `clock.now()` when the last byte arrived; at first, when the connection was opened. */
  readonly lastReceivedMs: number;
  /** `clock.now()` when a message was last sent; at first, when the connection was opened. */
  readonly lastSentMs: number;
  /**
   * Queues a message; what is queued in one turn leaves in one write. After the end of the connection it does nothing.
   * While more than `queuedBytesMax` waits for a peer that does not read, it ends the connection.
   * Payloads above 256 KiB, or a chunk, are not copied: they must not change until they are written.
   *
   * @throws {WireError} codes `frame-too-large`, `value-too-large`, `frame-unexpected`
   * @throws {RangeError} If a number of an entry does not fit its field.
   */
  readonly send: (message: WireMessage) => void;
  /** Resolves when at most 1 MiB is queued, or when the connection has ended. */
  readonly drained: () => Promise<void>;
  /**
   * Writes what is queued, ends this side's stream, and waits for the peer to end its own; all of it within
   * `closeTimeoutMs`. Messages that come meanwhile are dropped.
   *
   * @param error Why, for whom awaits {@linkcode Connection.closed}
   */
  readonly close: (error?: Error) => void;
  /** Closes at once. What is queued is lost. */
  readonly abort: (error?: Error) => void;
  /** Resolves at the end of the connection; never rejects. */
  readonly closed: Promise<ConnectionClosed>;
}

/** How a connection ended. */
export interface ConnectionClosed {
  /** `local`: by this side's `close` or `abort`; `peer`: the peer ended it cleanly; `error`: it broke. */
  readonly reason: "local" | "peer" | "error";
  /** What broke it, or what `close` or `abort` was given. */
  readonly error?: Error;
}

/** Options of {@linkcode openConnection}. */
export interface ConnectionOptions {
  readonly clock: Clock;
  /** @default the defaults of {@linkcode WireLimits} */
  readonly limits?: Partial<WireLimits>;
  /** Whether to compress what pays. What comes is decompressed in any case. @default true, but on local links */
  readonly compress?: boolean;
  /** How long {@linkcode Connection.close} may take, in milliseconds. @default 2000 */
  readonly closeTimeoutMs?: number;
  /** Whether the handshake is over already, so that the limits before the welcome do not hold. @default false */
  readonly greeted?: boolean;
  /** Called with each message. A promise holds back reading until it has settled; an error ends the connection. */
  readonly onMessage: (message: WireMessage) => void | Promise<void>;
  /** Called whenever bytes have arrived. */
  readonly onReceive?: () => void;
}

/**
 * Opens a connection over a link, and owns the link from then on.
 *
 * @throws {RangeError} If a limit is out of its bounds.
 */
export function openConnection(link: Link, options: ConnectionOptions): Connection {
  const limits = resolveLimits(options.limits);
  const phase = createPhase(limits, options.greeted ?? false);
  const outbox = createOutbox({
    limits,
    bodyLimit: phase.outboundLimit,
    compressor: options.compress ?? !link.local ? createCompressor() : undefined,
  });
  const life = createLife(link, options);
  const writer = createWriter(link, outbox, {
    clock: options.clock,
    idleTimeoutMs: limits.idleTimeoutMs,
    fail: (thrown) => life.fail(lost(link, thrown)),
    idle: () => {
      if (life.stage() !== "closing") return;
      if (!link.closeWrite) life.endLocally();
      else link.closeWrite().catch(() => life.endLocally());
    },
  });
  life.closed.then(writer.stop);
  const { now } = options.clock;
  let lastSentMs = now();
  const inbound = { limits, phase, life, lastReceivedMs: lastSentMs };
  receive(link, options, inbound).catch(life.fail);

  return {
    remoteAddress: link.remoteAddress,
    get bytesQueued() {
      return life.stage() === "closed" ? 0 : writer.bytesQueued();
    },
    get lastReceivedMs() {
      return inbound.lastReceivedMs;
    },
    get lastSentMs() {
      return lastSentMs;
    },
    closed: life.closed,
    drained: writer.drained,
    send: (message) => {
      if (life.stage() !== "open") return;
      phase.sending(message);
      if (outbox.looseBytes() > limits.queuedBytesMax) return life.fail(unread(link, outbox.looseBytes(), limits));
      outbox.push(message);
      lastSentMs = now();
      writer.start();
    },
    close: (error) => {
      if (life.stage() !== "open") return;
      life.startClosing(error);
      writer.start();
    },
    abort: (error) => life.endLocally(error),
  };
}

interface Inbound {
  readonly limits: WireLimits;
  readonly phase: Phase;
  readonly life: Life;
  lastReceivedMs: number;
}

/** Reads and delivers until the connection ends. */
async function receive(link: Link, options: ConnectionOptions, inbound: Inbound): Promise<void> {
  const { limits, phase, life } = inbound;
  const inbox = createInbox(limits, phase.inboundLimit);
  const reader = createFrameReader(inbox.place);
  const pace = createPace(options.clock);
  while (life.stage() !== "closed") {
    let count: number | null;
    try {
      count = await link.read(reader.space());
    } catch (cause) {
      throw lost(link, cause);
    }
    if (count === null) {
      if (life.stage() === "closing") return life.endLocally();
      reader.finish();
      inbox.finish();
      return life.end({ reason: "peer" });
    }
    inbound.lastReceivedMs = options.clock.now();
    options.onReceive?.();
    // While closing, what comes is read only so that the peer can write on and come to its own end.
    if (life.stage() !== "open") continue;
    reader.received(count);
    for (let frame = reader.next(phase.inboundLimit); frame; frame = reader.next(phase.inboundLimit)) {
      const message = inbox.accept(frame);
      if (!message) continue;
      phase.receiving(message);
      const held = options.onMessage(message);
      if (held) await Promise.race([held, life.deaf]);
      if (life.stage() !== "open") break;
    }
    const turn = pace();
    if (turn) await Promise.race([turn, life.deaf]);
  }
}

type Stage = "open" | "closing" | "closed";

/** From open to closed, by whatever way. */
interface Life {
  readonly stage: () => Stage;
  readonly closed: Promise<ConnectionClosed>;
  /** Settles as soon as messages are no longer delivered. */
  readonly deaf: Promise<void>;
  readonly end: (result: ConnectionClosed) => void;
  readonly endLocally: (error?: Error) => void;
  /** Ends by an error; if this side was closing anyway, that is what it ends by. */
  readonly fail: (thrown: unknown) => void;
  readonly startClosing: (error?: Error) => void;
}

function createLife(link: Link, { clock, closeTimeoutMs = 2000 }: ConnectionOptions): Life {
  const closed = Promise.withResolvers<ConnectionClosed>();
  const deaf = Promise.withResolvers<void>();
  let stage: Stage = "open";
  let closeError: Error | undefined;
  let cancelTimer: (() => void) | undefined;

  const end = (result: ConnectionClosed) => {
    if (stage === "closed") return;
    stage = "closed";
    cancelTimer?.();
    deaf.resolve();
    link.close();
    closed.resolve(result);
  };
  const endLocally = (error?: Error) => {
    closeError ??= error;
    end(closeError ? { reason: "local", error: closeError } : { reason: "local" });
  };
  return {
    stage: () => stage,
    closed: closed.promise,
    deaf: deaf.promise,
    end,
    endLocally,
    fail: (thrown) => stage === "closing" ? endLocally() : end({ reason: "error", error: asError(thrown) }),
    startClosing: (error) => {
      stage = "closing";
      closeError = error;
      deaf.resolve();
      cancelTimer = clock.setTimer(closeTimeoutMs, () => endLocally());
    },
  };
}

function unread({ remoteAddress }: Link, value: number, { queuedBytesMax: limit }: WireLimits): WireError {
  const option = "queuedBytesMax";
  const text = `${value} bytes wait for ${remoteAddress}, which does not read, and at most ${limit} may: ` +
    `raise ${option} (option ${flagOf(option)})`;
  return new WireError("queue-too-long", text, { crossed: { value, limit, option } });
}

function lost(link: Link, cause: unknown): Error {
  if (cause instanceof TransportError) return cause;
  return new TransportError(
    "connection-lost",
    `lost the connection with ${link.remoteAddress}: ${asError(cause).message}`,
    {
      cause,
    },
  );
}
