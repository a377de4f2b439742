/**
 * Bounds how many connections may be there whose peer has not introduced itself, in all and from one origin.
 *
 * Where there are too many, the oldest of them gives way, for whoever is honest introduces itself at once; but only
 * after a while, so that many nodes that are started together do not push out one another.
 *
 * @module
 */
import { TransportError } from "../actors/remote/errors.ts";
import { flagOf } from "../actors/remote/limits.ts";
import type { Link } from "../actors/remote/transport.ts";
import { originOf } from "./origin.ts";

/** How long a connection is safe from giving way, in milliseconds: far longer than an introduction takes. */
const patienceMs = 1_000;

/** Options of {@linkcode createPending}. */
export interface PendingOptions {
  /** How many may be there in all. */
  readonly pendingMax: number;
  /** How many from one origin. */
  readonly pendingPerAddressMax: number;
  /** The time, in milliseconds. */
  readonly now: () => number;
}

/** A connection that was let in for now. */
export interface Admitted {
  /** To be used in place of the link that was given. Its reads reject when it had to give way. */
  readonly link: Link;
  /** The peer has introduced itself: the connection counts no longer. */
  readonly introduced: () => void;
}

/** See {@linkcode createPending}. */
export interface Pending {
  /** @throws {TransportError} code `too-many-pending`, if there is no room for it; it is closed then. */
  readonly admit: (link: Link) => Admitted;
  /** Has a quarter of them give way, the oldest: others wait to be accepted, and logs and modules need files too. */
  readonly giveWay: (why: string) => void;
  readonly count: () => number;
}

interface Entry {
  readonly origin: string;
  readonly sinceMs: number;
  readonly end: (error: TransportError) => void;
}

/** Counts those that are there. */
export function createPending({ pendingMax, pendingPerAddressMax, now }: PendingOptions): Pending {
  // Sets keep the order in which entries came: the first is the oldest.
  const all = new Set<Entry>();
  const byOrigin = new Map<string, Set<Entry>>();

  const remove = (entry: Entry): void => {
    if (!all.delete(entry)) return;
    const same = byOrigin.get(entry.origin)!;
    same.delete(entry);
    if (same.size === 0) byOrigin.delete(entry.origin);
  };
  /** Makes room in a set that is full. @returns why there is none, if there is none */
  const makeRoom = (entries: ReadonlySet<Entry> | undefined, max: number, error: () => TransportError) => {
    if (!entries || entries.size < max) return undefined;
    const [oldest] = entries;
    if (now() - oldest.sinceMs < patienceMs) return error();
    oldest.end(error());
    return undefined;
  };
  return {
    count: () => all.size,
    giveWay: (why) => {
      for (const entry of [...all].slice(0, Math.ceil(all.size / 4))) {
        entry.end(new TransportError("too-many-pending", why));
      }
    },
    admit: (inner) => {
      const origin = originOf(inner.remoteAddress);
      const same = byOrigin.get(origin);
      const refusal = makeRoom(same, pendingPerAddressMax, () => tooMany("pendingPerAddressMax", same!.size, origin)) ??
        makeRoom(all, pendingMax, () => tooMany("pendingMax", all.size));
      if (refusal) {
        inner.close();
        throw refusal;
      }
      const { link, end } = endable(inner, () => remove(entry));
      const entry: Entry = { origin, sinceMs: now(), end };
      all.add(entry);
      const siblings = byOrigin.get(origin);
      if (siblings) siblings.add(entry);
      else byOrigin.set(origin, new Set([entry]));
      return { link, introduced: () => remove(entry) };
    },
  };
}

/** A link that tells its end, and that can be ended by an error. */
function endable(
  inner: Link,
  ended: () => void,
): { readonly link: Link; readonly end: (error: TransportError) => void } {
  let error: TransportError | undefined;
  const close = (): void => {
    ended();
    inner.close();
  };
  const read = async (buffer: Uint8Array): Promise<number | null> => {
    let count: number | null;
    try {
      count = await inner.read(buffer);
    } catch (cause) {
      throw error ?? cause;
    }
    if (error) throw error;
    return count;
  };
  return {
    link: { ...inner, read, close },
    end: (why) => {
      error = why;
      close();
    },
  };
}

function tooMany(option: "pendingMax" | "pendingPerAddressMax", count: number, origin?: string): TransportError {
  const from = origin === undefined ? "" : ` from ${origin}`;
  const text = `${count} connections${from} wait to be introduced, and no more may: raise ${option} ` +
    `(option ${flagOf(option)})`;
  return new TransportError("too-many-pending", text);
}
