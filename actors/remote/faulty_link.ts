/**
 * One link with faults on it, in both directions.
 *
 * @module
 */
import type { Clock } from "../types.ts";
import { createDelayLine } from "./delay_line.ts";
import { TransportError } from "./errors.ts";
import type { Fate } from "./faulty.ts";
import { createPipe } from "./pipe.ts";
import type { Link } from "./transport.ts";

/** A link and the means to sabotage it. */
export interface FaultyLink {
  /** For whom dialed. */
  readonly link: Link;
  /** Both ends lose the link. */
  readonly breakOff: () => void;
  /** Bytes vanish both ways from now on, and no end is told. */
  readonly vanish: () => void;
  /** Nothing arrives at either end until {@linkcode FaultyLink.resume}. */
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Options of {@linkcode createFaultyLink}. */
export interface FaultyLinkOptions {
  readonly clock: Clock;
  /** Draws how long a piece is under way. */
  readonly delayMs: () => number;
  /** Draws what becomes of a write. */
  readonly fate: (bytes: number) => Fate;
  /** Called when the link is of no use any more. */
  readonly onEnd: () => void;
}

/** What is under way to the peer. */
type Outbound = Uint8Array | "end" | "close";

/** How many bytes may be under way in each direction. */
const bytesMax = 256 * 1024;
const readBytes = 16 * 1024;

/** Puts faults on a link. */
export function createFaultyLink(inner: Link, { clock, delayMs, fate, onEnd }: FaultyLinkOptions): FaultyLink {
  let state: "open" | "broken" | "vanished" | "closed" = "open";
  const arrived = createPipe(bytesMax);

  const lost = () => new TransportError("connection-lost", `lost the connection with ${inner.remoteAddress}`);
  const outbound = createDelayLine<Outbound>({
    clock,
    bytesMax,
    deliver: async (item) => {
      if (item === "end") await inner.closeWrite?.();
      else if (item === "close") end();
      else await writeWhole(inner, item).catch(() => breakOff());
    },
  });
  const inbound = createDelayLine<Uint8Array | "end">({
    clock,
    bytesMax,
    deliver: async (item) => {
      if (item === "end") return arrived.end();
      for (let rest = item; rest.length > 0;) {
        // It fails when the reader has closed, who then has no use for the rest.
        const written = await arrived.write(rest).catch(() => rest.length);
        rest = rest.subarray(written);
      }
    },
  });
  const end = () => {
    outbound.cut();
    inbound.cut();
    inner.close();
    onEnd();
  };
  const breakOff = () => {
    if (state !== "open") return;
    state = "broken";
    arrived.discard();
    end();
  };
  const vanish = () => {
    if (state !== "open") return;
    state = "vanished";
    outbound.cut();
    inbound.cut();
  };
  const pump = async () => {
    for (;;) {
      await inbound.room();
      const buffer = new Uint8Array(readBytes);
      const count = await inner.read(buffer);
      // A link that vanished is kept until the peer itself gives it up.
      if (count === null && state === "vanished") return end();
      inbound.send(count === null ? "end" : buffer.subarray(0, count), count ?? 0, delayMs());
      if (count === null) return;
    }
  };
  pump().catch(breakOff);

  const link: Link = {
    remoteAddress: inner.remoteAddress,
    local: inner.local,
    read: async (buffer) => {
      const count = await arrived.read(buffer);
      if (count === null && state === "broken") throw lost();
      return count;
    },
    write: async (data) => {
      await outbound.room();
      if (state === "broken") throw lost();
      if (state === "closed") throw new TransportError("connection-closed", "this end of the connection was closed");
      const drawn = state === "open" ? fate(data.length) : "arrive";
      if (drawn === "drop") breakOff();
      else if (drawn === "half-open") vanish();
      else if (drawn === "arrive") outbound.send(data.slice(), data.length, delayMs());
      else {
        await writeWhole(inner, data.slice(0, drawn.truncateTo)).catch(() => {});
        breakOff();
      }
      return data.length;
    },
    closeWrite: () => {
      outbound.send("end", 0, delayMs());
      return Promise.resolve();
    },
    close: () => {
      arrived.discard();
      if (state !== "open") return;
      state = "closed";
      outbound.send("close", 0, delayMs());
    },
  };
  return {
    link,
    breakOff,
    vanish,
    pause: () => {
      outbound.pause();
      inbound.pause();
    },
    resume: () => {
      outbound.resume();
      inbound.resume();
    },
  };
}

async function writeWhole(link: Link, data: Uint8Array): Promise<void> {
  for (let rest = data; rest.length > 0;) rest = rest.subarray(await link.write(rest));
}
