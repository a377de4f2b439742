/**
 * One link with faults on it, in both directions.
 *
 * @module
 */
import type { Clock } from "../types.ts";
import { createDelayLine, type DelayLine } from "./delay_line.ts";
import { TransportError } from "./errors.ts";
import type { Fate } from "./faulty.ts";
import { createPipe, type Pipe } from "./pipe.ts";
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

/** How many bytes may be under way in each direction. */
const bytesMax = 256 * 1024;
const readBytes = 4 * 1024;

/** What both directions of one link share. */
interface Wire {
  readonly inner: Link;
  readonly outbound: DelayLine<Uint8Array | "end" | "close">;
  readonly inbound: DelayLine<Uint8Array | "end">;
  /** What has arrived, for whom dialed. */
  readonly arrived: Pipe;
  readonly end: () => void;
  readonly breakOff: () => void;
  readonly vanish: () => void;
  state: "open" | "broken" | "vanished" | "closed";
}

/** Puts faults on a link. */
export function createFaultyLink(inner: Link, options: FaultyLinkOptions): FaultyLink {
  const arrived = createPipe(bytesMax);
  const wire: Wire = {
    inner,
    arrived,
    state: "open",
    outbound: createDelayLine({
      clock: options.clock,
      bytesMax,
      deliver: async (item) => {
        if (item === "end") await inner.closeWrite?.();
        else if (item === "close") wire.end();
        else await writeWhole(inner, item).catch(wire.breakOff);
      },
    }),
    inbound: createDelayLine({
      clock: options.clock,
      bytesMax,
      // Writing fails when the reader has closed, who then has no use for the rest.
      deliver: async (item) => item === "end" ? arrived.end() : await writeWhole(arrived, item).catch(() => {}),
    }),
    end: () => {
      wire.outbound.cut();
      wire.inbound.cut();
      inner.close();
      options.onEnd();
    },
    breakOff: () => {
      if (wire.state !== "open") return;
      wire.state = "broken";
      arrived.discard();
      wire.end();
    },
    vanish: () => {
      if (wire.state !== "open") return;
      wire.state = "vanished";
      wire.outbound.cut();
      wire.inbound.cut();
    },
  };
  pump(wire, options).catch(wire.breakOff);
  return {
    link: createLink(wire, options),
    breakOff: wire.breakOff,
    vanish: wire.vanish,
    pause: () => {
      wire.outbound.pause();
      wire.inbound.pause();
    },
    resume: () => {
      wire.outbound.resume();
      wire.inbound.resume();
    },
  };
}

/** Takes what comes from the peer and puts it on the line. */
async function pump(wire: Wire, { delayMs }: FaultyLinkOptions): Promise<void> {
  const buffer = new Uint8Array(readBytes);
  for (;;) {
    await wire.inbound.room();
    const count = await wire.inner.read(buffer);
    // A link that vanished is kept until the peer itself gives it up.
    if (count === null && wire.state === "vanished") return wire.end();
    wire.inbound.send(count === null ? "end" : buffer.slice(0, count), count ?? 0, delayMs());
    if (count === null) return;
  }
}

function createLink(wire: Wire, { delayMs, fate }: FaultyLinkOptions): Link {
  const { inner, outbound, arrived } = wire;
  const lost = () => new TransportError("connection-lost", `lost the connection with ${inner.remoteAddress}`);
  return {
    remoteAddress: inner.remoteAddress,
    local: inner.local,
    read: async (buffer) => {
      const count = await arrived.read(buffer);
      if (count === null && wire.state === "broken") throw lost();
      return count;
    },
    write: async (data) => {
      await outbound.room();
      if (wire.state === "broken") throw lost();
      if (wire.state === "closed") {
        throw new TransportError("connection-closed", "this end of the connection was closed");
      }
      const drawn = wire.state === "open" ? fate(data.length) : "arrive";
      if (drawn === "drop") wire.breakOff();
      else if (drawn === "half-open") wire.vanish();
      else if (drawn === "arrive") outbound.send(data.slice(), data.length, delayMs());
      else {
        await writeWhole(inner, data.slice(0, drawn.truncateTo)).catch(() => {});
        wire.breakOff();
      }
      return data.length;
    },
    closeWrite: () => {
      outbound.send("end", 0, delayMs());
      return Promise.resolve();
    },
    close: () => {
      arrived.discard();
      if (wire.state !== "open") return;
      wire.state = "closed";
      outbound.send("close", 0, delayMs());
    },
  };
}

async function writeWhole(to: Pick<Link, "write">, data: Uint8Array): Promise<void> {
  for (let rest = data; rest.length > 0;) rest = rest.subarray(await to.write(rest));
}
