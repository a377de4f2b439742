import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { createMessageReader, encodeMessage } from "../../node/process_frames.ts";

const messages = [
  { kind: "tasks", epoch: 0, count: 1, batch: new Float64Array([1, 2, 3]).buffer },
  { kind: "session", node: "00000000000000aa", options: new Uint8Array(3000).fill(5), initial: undefined },
  { kind: "cancel", task: Number.MAX_SAFE_INTEGER, attempt: 1 },
];

Deno.test("messages come back as they were, in whatever pieces they come", () => {
  const frames = messages.map(encodeMessage);
  const stream = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
  frames.reduce((at, frame) => {
    stream.set(frame, at);
    return at + frame.length;
  }, 0);
  for (const pieceLength of [1, 7, 16, 100, 2900, stream.length]) {
    const reader = createMessageReader();
    const read: unknown[] = [];
    for (let at = 0; at < stream.length; at += pieceLength) {
      read.push(...reader.push(stream.slice(at, at + pieceLength)));
    }
    assertEquals(read, messages, `in pieces of ${pieceLength}`);
  }
});

Deno.test("a stream that is no stream of messages is refused at its first sixteen bytes", () => {
  const text = new TextEncoder().encode("Download node-gyp headers...");
  assertThrows(() => createMessageReader().push(text), Error, "something else than messages");
  const reader = createMessageReader();
  assertEquals(reader.push(encodeMessage({ kind: "ready" })), [{ kind: "ready" }]);
  assertEquals(reader.push(text.slice(0, 15)), []);
  assertThrows(() => reader.push(text.slice(15)), Error, "something else than messages");
  const lying = encodeMessage(1);
  lying.fill(0xff, 8, 16);
  assertThrows(() => createMessageReader().push(lying), Error, "was announced");
});
