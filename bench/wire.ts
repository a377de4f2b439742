/**
 * Connections, beside the same done raw on `Deno.connect`. The other end is a thread of its own, `wire_peer.ts`.
 *
 * @module
 */
import { systemClock } from "../actors/mod.ts";
import { type Connection, openConnection, tcpTransport, type WireMessage } from "../actors/remote/mod.ts";
import { type Benchmark, inTurn, seconds } from "./figures.ts";
import { readFull, writeFull } from "./raw.ts";

/** What the other end does with what it is sent. */
export type PeerRole = "echo" | "count";

/** How the two ends talk. */
export interface PeerOrder {
  readonly way: "raw" | "gristmill";
  readonly role: PeerRole;
  /** For `count`: after so many bytes (raw) or messages (Gristmill) one answer is sent. */
  readonly answerAfter: number;
}

const mebi = 2 ** 20;
const batch = 1_000;
const smallPayload = new Uint8Array(16);
/** A raw message has the header of a task of Gristmill, and a payload of 16 bytes. */
const rawMessageBytes = 40;

/** The other end, for as long as `work` takes. */
async function withPeer<T>(order: PeerOrder, work: (port: number) => Promise<T>): Promise<T> {
  const worker = new Worker(import.meta.resolve("./wire_peer.ts"), { type: "module" });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(order);
    });
    return await work(port);
  } finally {
    worker.terminate();
  }
}

/** A raw connection, for as long as `work` takes. */
function raw<T>(order: Omit<PeerOrder, "way">, work: (conn: Deno.TcpConn) => Promise<T>): Promise<T> {
  return withPeer({ way: "raw", ...order }, async (port) => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    conn.setNoDelay(true);
    return await work(conn);
  });
}

interface Dialed {
  readonly connection: Connection;
  /** Resolves with the next message that comes. */
  readonly next: () => Promise<void>;
}

/** A connection of Gristmill, for as long as `work` takes. */
function dialed<T>(order: Omit<PeerOrder, "way">, work: (dialed: Dialed) => Promise<T>): Promise<T> {
  return withPeer({ way: "gristmill", ...order }, async (port) => {
    const link = await tcpTransport().connect({ host: "127.0.0.1", port });
    let arrived = () => {};
    const connection = openConnection(link, { clock: systemClock, greeted: true, onMessage: () => arrived() });
    try {
      return await work({ connection, next: () => new Promise((resolve) => void (arrived = resolve)) });
    } finally {
      connection.abort();
      await connection.closed;
    }
  });
}

function rawRoundTrips(count: number): Promise<number> {
  return raw({ role: "echo", answerAfter: rawMessageBytes }, async (conn) => {
    const message = new Uint8Array(rawMessageBytes);
    const elapsed = await seconds(async () => {
      for (let index = 0; index < count; index++) {
        await writeFull(conn, message);
        await readFull(conn, message);
      }
    });
    return count / elapsed;
  });
}

function roundTrips(count: number): Promise<number> {
  return dialed({ role: "echo", answerAfter: 1 }, async ({ connection, next }) => {
    const elapsed = await seconds(async () => {
      for (let index = 0; index < count; index++) {
        connection.send({ kind: "custom", payload: smallPayload });
        await next();
      }
    });
    return count / elapsed;
  });
}

function rawBatches(batches: number): Promise<number> {
  return raw({ role: "count", answerAfter: batches * batch * rawMessageBytes }, async (conn) => {
    const elapsed = await seconds(async () => {
      for (let index = 0; index < batches; index++) {
        const write = new Uint8Array(batch * rawMessageBytes);
        for (let at = 0; at < write.length; at += rawMessageBytes) write.set(smallPayload, at + 24);
        await writeFull(conn, write);
      }
      await readFull(conn, new Uint8Array(1));
    });
    return batches * batch / elapsed;
  });
}

function batches(count: number): Promise<number> {
  return dialed({ role: "count", answerAfter: count * batch }, async ({ connection, next }) => {
    const elapsed = await seconds(async () => {
      const answered = next();
      for (let index = 0; index < count; index++) {
        connection.send({
          kind: "tasks",
          tasks: Array.from({ length: batch }, (_, task) => ({
            task,
            attempt: 1,
            timeoutMs: 0,
            payload: smallPayload,
          })),
        });
        await connection.drained();
      }
      await answered;
    });
    return count * batch / elapsed;
  });
}

function rawBulk(mebibytes: number): Promise<number> {
  return raw({ role: "count", answerAfter: mebibytes * mebi }, async (conn) => {
    const piece = new Uint8Array(mebi);
    const elapsed = await seconds(async () => {
      for (let index = 0; index < mebibytes; index++) await writeFull(conn, piece);
      await readFull(conn, new Uint8Array(1));
    });
    return mebibytes / elapsed;
  });
}

function bulk(mebibytes: number): Promise<number> {
  return dialed({ role: "count", answerAfter: mebibytes }, async ({ connection, next }) => {
    const message: WireMessage = { kind: "custom", payload: new Uint8Array(mebi) };
    const elapsed = await seconds(async () => {
      const answered = next();
      for (let index = 0; index < mebibytes; index++) {
        connection.send(message);
        await connection.drained();
      }
      await answered;
    });
    return mebibytes / elapsed;
  });
}

/** One connection over the loopback. */
export const wire: Benchmark = async function* ({ quick }) {
  const rounds = quick ? 3 : 7;
  const size = quick ? 1 : 4;
  const compare = (name: string, unit: string, own: () => Promise<number>, rawWay: () => Promise<number>) =>
    inTurn(unit, rounds, [
      { name: `${name}, raw`, measure: rawWay },
      { name, measure: own, against: `${name}, raw` },
    ]);
  yield {
    title: "one connection over the loopback",
    figures: [
      ...await compare(
        "round trips, one at a time",
        "round trips/s",
        () => roundTrips(5_000 * size),
        () => rawRoundTrips(5_000 * size),
      ),
      ...await compare(
        "messages, 1000 a write",
        "messages/s",
        () => batches(500 * size),
        () => rawBatches(500 * size),
      ),
      ...await compare("bulk, 1 MiB a message", "MiB/s", () => bulk(500 * size), () => rawBulk(500 * size)),
    ],
  };
};
