/**
 * A connection: messages over a link. It coalesces what is written, parses what is read, and bounds both.
 *
 * @module
 */
import type { Clock } from "../types.ts";
import { createCompressor } from "./compress.ts";
import { asError, TransportError } from "./errors.ts";
import { createInbox } from "./inbox.ts";
import { resolveLimits, type WireLimits } from "./limits.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createPace } from "./pace.ts";
import { createPhase } from "./phase.ts";
import { createFrameReader } from "./reader.ts";
import type { WireMessage } from "./protocol.ts";
import type { Link } from "./transport.ts";
import { writeAll } from "./write.ts";

/** Messages to and from one peer. */
export interface Connection {
  /** Whom it is connected to, for people. */
  readonly remoteAddress: string;
  /** How many bytes are queued and not yet written. */
  readonly bytesQueued: number;
  /** `clock.now()` when the last byte arrived; at first, when the connection was opened. */
  readonly lastReceivedMs: number;
  /**
   * Queues a message; what is queued in one turn leaves in one write. After the end of the connection it does nothing.
   * Payloads longer than a chunk are not copied: they must not change until they are written.
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

/** At or below this many bytes queued, a connection counts as drained. */
const drainedBytesMax = 1024 * 1024;

type Stage = "open" | "closing" | "closed";

/**
 * Opens a connection over a link, and owns the link from then on.
 *
 * @throws {RangeError} If a limit is out of its bounds.
 */
export function openConnection(link: Link, options: ConnectionOptions): Connection {
  const { clock, onMessage, onReceive, closeTimeoutMs = 2000 } = options;
  const limits = resolveLimits(options.limits);
  const phase = createPhase(limits, options.greeted ?? false);
  const inbox = createInbox(limits, phase.inboundLimit);
  const outbox = createOutbox({
    limits,
    bodyLimit: phase.outboundLimit,
    compressor: options.compress ?? !link.local ? createCompressor() : undefined,
  });
  const closed = Promise.withResolvers<ConnectionClosed>();
  /** Settled as soon as messages are no longer delivered. */
  const deaf = Promise.withResolvers<void>();
  let stage: Stage = "open";
  let lastReceivedMs = clock.now();
  let closeError: Error | undefined;
  let cancelTimer: (() => void) | undefined;

  const end = (result: ConnectionClosed) => {
    if (stage === "closed") return;
    stage = "closed";
    cancelTimer?.();
    deaf.resolve();
    writer.stop();
    link.close();
    closed.resolve(result);
  };
  const endLocally = () => end({ reason: "local", ...(closeError && { error: closeError }) });
  const fail = (thrown: unknown) => end({ reason: "error", error: asError(thrown) });
  const writer = createWriter(link, outbox, {
    fail: (thrown) => fail(lost(link, thrown)),
    idle: () => {
      if (stage !== "closing") return;
      if (!link.closeWrite) endLocally();
      else link.closeWrite().catch(endLocally);
    },
  });

  /** The peer has ended its stream. */
  const endOfStream = (reader: { finish: () => void }) => {
    if (stage === "closing") return endLocally();
    reader.finish();
    inbox.finish();
    end({ reason: "peer" });
  };
  const receive = async () => {
    const reader = createFrameReader();
    const pace = createPace(clock);
    while (stage !== "closed") {
      const count = await link.read(reader.space()).catch((cause) => Promise.reject(lost(link, cause)));
      if (count === null) return endOfStream(reader);
      lastReceivedMs = clock.now();
      onReceive?.();
      // While closing, what comes is read only so that the peer can write on and come to its own end.
      if (stage !== "open") continue;
      reader.received(count);
      for (let frame = reader.next(phase.inboundLimit); frame; frame = reader.next(phase.inboundLimit)) {
        const message = inbox.accept(frame);
        if (!message) continue;
        phase.receiving(message);
        const held = onMessage(message);
        if (held) await Promise.race([held, deaf.promise]);
        if (stage !== "open") break;
      }
      const turn = pace();
      if (turn) await Promise.race([turn, deaf.promise]);
    }
  };
  receive().catch((thrown) => stage === "closing" ? endLocally() : fail(thrown));

  return {
    remoteAddress: link.remoteAddress,
    get bytesQueued() {
      return writer.bytesQueued();
    },
    get lastReceivedMs() {
      return lastReceivedMs;
    },
    closed: closed.promise,
    drained: writer.drained,
    send: (message) => {
      if (stage !== "open") return;
      phase.sending(message);
      outbox.push(message);
      writer.start();
    },
    close: (error) => {
      if (stage !== "open") return;
      stage = "closing";
      closeError = error;
      deaf.resolve();
      cancelTimer = clock.setTimer(closeTimeoutMs, endLocally);
      writer.start();
    },
    abort: (error) => {
      closeError = error ?? closeError;
      endLocally();
    },
  };
}

interface Writer {
  /** Has what is queued written, soon. */
  readonly start: () => void;
  readonly stop: () => void;
  readonly bytesQueued: () => number;
  readonly drained: () => Promise<void>;
}

/** Writes what an outbox holds, one write at a time. */
function createWriter(link: Link, outbox: Outbox, on: { fail: (thrown: unknown) => void; idle: () => void }): Writer {
  let state: "idle" | "writing" | "stopped" = "idle";
  let bytesTaken = 0;
  let waiters: (() => void)[] = [];

  const bytesQueued = () => state === "stopped" ? 0 : outbox.bytes() + bytesTaken;
  const wake = () => {
    if (waiters.length === 0 || bytesQueued() > drainedBytesMax) return;
    const woken = waiters;
    waiters = [];
    for (const resolve of woken) resolve();
  };
  const run = async () => {
    // One hop, so that all that is sent in this turn is there.
    await undefined;
    while (state === "writing") {
      const pieces = outbox.take();
      if (pieces.length === 0) break;
      for (const piece of pieces) bytesTaken += piece.length;
      await writeAll(link, pieces, (written) => {
        bytesTaken -= written;
        wake();
      });
    }
    if (state !== "writing") return;
    state = "idle";
    on.idle();
  };
  return {
    bytesQueued,
    start: () => {
      if (state !== "idle") return;
      state = "writing";
      run().catch((thrown) => {
        if (state !== "stopped") on.fail(thrown);
      });
    },
    stop: () => {
      state = "stopped";
      wake();
    },
    drained: () => {
      if (bytesQueued() <= drainedBytesMax) return Promise.resolve();
      return new Promise((resolve) => waiters.push(resolve));
    },
  };
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
