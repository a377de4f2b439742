/**
 * The writing end of a connection: what an outbox holds goes to a link, many pieces in few writes.
 *
 * @module
 */
import type { Clock } from "../types.ts";
import { TransportError } from "./errors.ts";
import { flagOf } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Link } from "./transport.ts";

/** Writes what is queued, one write at a time. */
export interface Writer {
  /** Has what is queued written, soon. */
  readonly start: () => void;
  /** Writes no more; whoever waits is woken. */
  readonly stop: () => void;
  /** How many bytes are queued or being written. */
  readonly bytesQueued: () => number;
  /** Resolves when at most {@linkcode drainedBytesMax} are queued, or with {@linkcode Writer.stop}. */
  readonly drained: () => Promise<void>;
}

/** What a writer reports, and by which time. */
export interface WriterOptions {
  readonly clock: Clock;
  /** How long the link may take nothing, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** The link does not take what is written, or nothing for too long. */
  readonly fail: (thrown: unknown) => void;
  /** All that was queued has been written. */
  readonly idle: () => void;
}

/** At or below this many bytes queued, a connection counts as drained. */
const drainedBytesMax = 1024 * 1024;

/** A writer for one link. */
export function createWriter(link: Link, outbox: Outbox, options: WriterOptions): Writer {
  let state: "idle" | "writing" | "stopped" = "idle";
  let bytesTaken = 0;
  let waiters: (() => void)[] = [];
  const stall = createStallTimer(link, options);

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
        stall.moved();
        wake();
      });
    }
    if (state !== "writing") return;
    state = "idle";
    stall.pause();
    options.idle();
  };
  return {
    bytesQueued,
    start: () => {
      if (state !== "idle") return;
      state = "writing";
      stall.watch();
      run().catch((thrown) => {
        if (state !== "stopped") options.fail(thrown);
      });
    },
    stop: () => {
      state = "stopped";
      stall.stop();
      wake();
    },
    drained: () => {
      if (bytesQueued() <= drainedBytesMax) return Promise.resolve();
      return new Promise((resolve) => waiters.push(resolve));
    },
  };
}

/**
 * Notices a link that takes nothing. One timer goes on for as long as there is something to write now and then: setting
 * one for each write would cost more than the write.
 */
function createStallTimer(link: Link, { clock, idleTimeoutMs, fail }: WriterOptions) {
  let movedMs: number | undefined;
  let cancel: (() => void) | undefined;
  const look = () => {
    cancel = undefined;
    if (movedMs === undefined) return;
    const leftMs = movedMs + idleTimeoutMs - clock.now();
    if (leftMs > 0) return void (cancel = clock.setTimer(leftMs, look));
    const text = `${link.remoteAddress} has read nothing for ${idleTimeoutMs} ms, though something waits for it ` +
      `(option ${flagOf("idleTimeoutMs")})`;
    fail(new TransportError("peer-stalled", text));
  };
  return {
    watch: () => {
      movedMs = clock.now();
      cancel ??= clock.setTimer(idleTimeoutMs, look);
    },
    moved: () => void (movedMs = clock.now()),
    pause: () => void (movedMs = undefined),
    stop: () => cancel?.(),
  };
}

/** Pieces from here on are written by themselves; copying them together would cost more than a write. */
const pieceBytesLarge = 128 * 1024;

/**
 * Writes pieces one after another; neighbours that are small leave in one write.
 *
 * @param onWritten Called after each write with how many bytes have left
 */
export async function writeAll(
  link: Link,
  pieces: readonly Uint8Array[],
  onWritten: (bytes: number) => void = () => {},
): Promise<void> {
  let from = 0;
  while (from < pieces.length) {
    let to = from + 1;
    if (pieces[from].length < pieceBytesLarge) {
      while (to < pieces.length && pieces[to].length < pieceBytesLarge) to += 1;
    }
    let data = to === from + 1 ? pieces[from] : join(pieces.slice(from, to));
    while (data.length > 0) {
      const written = await link.write(data);
      onWritten(written);
      data = data.subarray(written);
    }
    from = to;
  }
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
