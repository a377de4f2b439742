/**
 * What tests of the wire share: links, bytes as text, and generated messages.
 *
 * @module
 */
import { ManualClock } from "../../../actors/testing/manual_clock.ts";
import { createRandom } from "../../../actors/clock.ts";
import { type Connection, type ConnectionOptions, openConnection } from "../../../actors/remote/connection.ts";
import type { BodyLimit, Frame, FrameType } from "../../../actors/remote/frame.ts";
import type { Inbox } from "../../../actors/remote/inbox.ts";
import { memoryTransport } from "../../../actors/remote/memory.ts";
import type { ControlMessage, ResultEntry, WireMessage } from "../../../actors/remote/protocol.ts";
import type { FrameReader } from "../../../actors/remote/reader.ts";
import type { Link } from "../../../actors/remote/transport.ts";
import type { Random } from "../../../actors/types.ts";

/** Bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex();
}

/** Bytes from hexadecimal digits; spaces and line ends between them are for people. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replace(/\s/g, ""));
}

/**
 * Feeds a stream to a reader as a link does, and gives the frames that come of it while they may be looked at.
 *
 * @param pieceLength How much comes with a read at most. @default all for which there is room
 */
export function* framesOf(
  reader: FrameReader,
  stream: Uint8Array,
  limit: (type: FrameType) => BodyLimit,
  pieceLength: () => number = () => Infinity,
): Generator<Frame> {
  for (let at = 0; at < stream.length;) {
    const space = reader.space();
    const piece = stream.subarray(at, at + Math.min(pieceLength(), space.length));
    space.set(piece);
    reader.received(piece.length);
    at += piece.length;
    for (let frame = reader.next(limit); frame; frame = reader.next(limit)) yield frame;
  }
}

/** The messages of frames, as an inbox takes them in. */
export function messagesOf(inbox: Inbox, frames: Iterable<Frame>): WireMessage[] {
  const messages: WireMessage[] = [];
  for (const frame of frames) {
    const message = inbox.accept(frame);
    if (message) messages.push(message);
  }
  return messages;
}

/** Two ends of one link in memory. */
export async function linkPair(): Promise<{ dialed: Link; accepted: Link }> {
  const network = memoryTransport();
  const listener = await network.listen({ host: "memory", port: 0 });
  const [dialed, accepted] = await Promise.all([network.connect(listener.address), listener.accept()]);
  return { dialed, accepted };
}

/** Reads a link to its end, at most `pieceBytes` at a time. */
export async function readAll(link: Link, pieceBytes = 4_096): Promise<number[]> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(pieceBytes);
  for (let count = await link.read(buffer); count !== null; count = await link.read(buffer)) {
    bytes.push(...buffer.subarray(0, count));
  }
  return bytes;
}

/** One end of a connection, with what it has received. */
export interface End extends Connection {
  readonly messages: WireMessage[];
  /** Resolves when so many messages have come in all. */
  readonly count: (messages: number) => Promise<void>;
}

/** Opens a connection that keeps what it receives. */
export function openEnd(link: Link, options: Partial<ConnectionOptions> = {}): End {
  const messages: WireMessage[] = [];
  let waiting: { readonly at: number; readonly resolve: () => void }[] = [];
  const connection = openConnection(link, {
    clock: new ManualClock(),
    greeted: true,
    ...options,
    onMessage: (message) => {
      messages.push(message);
      for (const each of waiting) if (messages.length >= each.at) each.resolve();
      waiting = waiting.filter((each) => messages.length < each.at);
      return options.onMessage?.(message);
    },
  });
  const count = (at: number) =>
    messages.length >= at ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ at, resolve }));
  return Object.create(connection, { messages: { value: messages }, count: { value: count } });
}

/** Two connected ends. */
export async function endPair(
  options: Partial<ConnectionOptions> = {},
  change: (link: Link) => Link = (link) => link,
): Promise<{ left: End; right: End }> {
  const { dialed, accepted } = await linkPair();
  return { left: openEnd(change(dialed), options), right: openEnd(accepted, options) };
}

/** Writes raw bytes into one end of a link whose other end is a connection. */
export async function rawTo(options: Partial<ConnectionOptions> = {}) {
  const { dialed, accepted } = await linkPair();
  const end = openEnd(accepted, options);
  const write = async (bytes: Uint8Array) => {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await dialed.write(rest));
  };
  return { link: dialed, end, write };
}

/** A control message to send. */
export function control(message: ControlMessage): WireMessage {
  return { kind: "control", message };
}

/** A heartbeat to send; numbered, so that it can be told from others. */
export function heartbeat(busy: number): WireMessage {
  return control({ type: "heartbeat", busy });
}

/** A successful result. */
export function result(task: number, payload: Uint8Array): ResultEntry {
  return { task, attempt: 1, status: "ok", elapsedMs: 1.5, payload };
}

/** Bytes that a seed gives; half of them compress well. */
export function someBytes(random: Random, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const noisy = random.next() < 0.5;
  for (let i = 0; i < length; i++) bytes[i] = noisy ? Math.floor(random.next() * 256) : i >> 6;
  return bytes;
}

/** A whole number from `min` to `max`. */
export function whole(random: Random, min: number, max: number): number {
  return min + Math.floor(random.next() * (max - min + 1));
}

/** A message of any kind, with payloads of up to `bytesMax`. */
export function someMessage(random: Random, bytesMax: number): WireMessage {
  const payload = () => someBytes(random, Math.floor(random.next() ** 4 * bytesMax));
  const task = () => whole(random, 0, 1) ? whole(random, 0, 100) : Number.MAX_SAFE_INTEGER - whole(random, 0, 100);
  const many = <T>(make: () => T) => Array.from({ length: whole(random, 1, 6) }, make);
  const attempt = () => ({ task: task(), attempt: whole(random, 1, 9) });
  switch (whole(random, 0, 7)) {
    case 0:
      return {
        kind: "tasks",
        tasks: many(() => ({ task: task(), attempt: 2, timeoutMs: whole(random, 0, 1e6), payload: payload() })),
      };
    case 1:
      return { kind: "results", results: many(() => ({ ...result(task(), payload()), status: "failed" })) };
    case 2:
      return { kind: "initial", payload: whole(random, 0, 3) ? payload() : undefined };
    case 3:
      return { kind: "custom", payload: payload() };
    case 4:
      return control({ type: "log", level: "info", text: "ä".repeat(whole(random, 0, 2000)), task: task() });
    case 5:
      return { kind: "acks", attempts: many(attempt) };
    case 6:
      return { kind: "held", attempts: Array.from({ length: whole(random, 0, bytesMax / 4) }, attempt) };
    default:
      return control({ type: "cancel", attempts: many(attempt) });
  }
}

/** Runs a test once for each seed, and names the seed that fails. */
export async function forSeeds(count: number, test: (random: Random, seed: number) => void | Promise<void>) {
  for (let seed = 1; seed <= count; seed++) {
    try {
      await test(createRandom(seed), seed);
    } catch (cause) {
      throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }
}
