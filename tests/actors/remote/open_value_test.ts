import { assert, assertEquals } from "jsr:@std/assert@^1";
import { createInbox } from "../../../actors/remote/inbox.ts";
import { resolveLimits } from "../../../actors/remote/limits.ts";
import { openValue } from "../../../actors/remote/open_value.ts";
import { createOutbox } from "../../../actors/remote/outbox.ts";
import type { WireMessage } from "../../../actors/remote/protocol.ts";
import { createFrameReader } from "../../../actors/remote/reader.ts";
import { control, forSeeds, framesOf, messagesOf, someBytes, whole } from "./support.ts";

const limits = resolveLimits({ frameBytesMax: 256 * 1024, chunkBytesMax: 64 * 1024, controlBytesMax: 4096 });
const limit = () => ({ bytesMax: limits.frameBytesMax, option: "frameBytesMax" as const });

/** The stream of these messages, with something urgent behind each chunk. */
function streamOf(messages: readonly WireMessage[]): Uint8Array {
  const outbox = createOutbox({ limits, bodyLimit: limit });
  for (const message of messages) outbox.push(message);
  const pieces: Uint8Array[] = [];
  for (let taken = outbox.take(); taken.length > 0; taken = outbox.take()) {
    pieces.push(...taken);
    if (outbox.bytes() > 0) outbox.push(control({ type: "heartbeat" }));
  }
  const stream = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  pieces.reduce((at, piece) => (stream.set(piece, at), at + piece.length), 0);
  return stream;
}

function read(stream: Uint8Array, pieceLength: () => number): WireMessage[] {
  const inbox = createInbox(limits, limit);
  const reader = createFrameReader(inbox.place);
  const messages = messagesOf(inbox, framesOf(reader, stream, limit, pieceLength));
  reader.finish();
  inbox.finish();
  return messages;
}

Deno.test("values in chunks come whole and aligned however their stream is cut, and are not written over", async () => {
  await forSeeds(30, (random) => {
    const sent = Array.from({ length: whole(random, 1, 6) }, (): WireMessage => {
      const payload = someBytes(random, Math.floor(random.next() ** 2 * 300_000));
      return { kind: "results", results: [{ task: 1, attempt: 1, status: "ok", elapsedMs: 0, payload }] };
    });
    const pieceMax = [1000, 10_000, 1e9][whole(random, 0, 2)];
    const received = read(streamOf(sent), () => pieceMax === 1e9 ? pieceMax : whole(random, 1, pieceMax));
    const payloads = (messages: readonly WireMessage[]) =>
      messages.flatMap((message) => message.kind === "results" ? message.results.map(({ payload }) => payload) : []);
    const sizes = (a: Uint8Array, b: Uint8Array) => a.length - b.length;
    // Small ones overtake large ones. Compared only now, after everything was read.
    assertEquals(payloads(received).toSorted(sizes), payloads(sent).toSorted(sizes));
    for (const payload of payloads(received)) assertEquals(payload.byteOffset % 8, 0);
  });
});

Deno.test("a value takes memory for what has come of it, and a chunk waits until enough of it has", () => {
  const length = 2 ** 30;
  const value = openValue({ stream: 0, length, complete: (payload) => ({ kind: "custom", payload }) });
  assertEquals(value.room(2 ** 20, 100), undefined);
  let received = 0;
  for (const count of [2 ** 10, 2 ** 16, 2 ** 20]) {
    const room = value.room(count, count)!;
    assert(room.buffer.byteLength <= 64 * (received + count), `${room.buffer.byteLength} bytes for ${count}`);
    value.filled(count);
    received += count;
  }
  assertEquals(value.received(), received);
  assertEquals(value.room(2 ** 24, 0)!.buffer.byteLength, 2 ** 24 + received);
  value.filled(2 ** 24);
  assertEquals(value.room(1, 1)!.buffer.byteLength, length);
});

Deno.test("a value that was not announced larger than its first chunk has one buffer of its own", () => {
  const value = openValue({ stream: 0, length: 13, complete: (payload) => ({ kind: "custom", payload }) });
  value.room(8, 8)!.fill(1);
  assertEquals(value.filled(8), undefined);
  value.room(5, 5)!.fill(2);
  const whole = value.filled(5)!;
  assertEquals([...whole], [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
  assertEquals([whole.byteOffset, whole.buffer.byteLength], [0, 16]);
});
