import { assert, assertEquals } from "jsr:@std/assert@^1";
import { resolveLimits } from "../../../actors/remote/limits.ts";
import { createOutbox } from "../../../actors/remote/outbox.ts";
import { decodePayload, encodePayload } from "../../../actors/remote/payload.ts";
import type { WireMessage } from "../../../actors/remote/protocol.ts";
import { createSlab } from "../../../actors/remote/slab.ts";
import { allocateLarge, keepSpare, recycle, spareBytes, takeSpare } from "../../../actors/remote/spare_buffers.ts";

const mebibyte = 2 ** 20;
const encode = (value: unknown): Uint8Array => encodePayload(value, "value", createSlab());
const isGone = ({ buffer }: Uint8Array): boolean => (buffer as ArrayBuffer).detached;

/** Takes out what is kept. */
function takeAll(): ArrayBuffer[] {
  const all: ArrayBuffer[] = [];
  for (let spare = takeSpare(); spare; spare = takeSpare()) all.push(spare);
  return all;
}

Deno.test("a payload that is encoded into a used buffer has the bytes that it has in a new one", () => {
  const value = () => ({ a: new Uint8Array(mebibyte + 3).fill(1), b: new Uint8Array(mebibyte + 5).fill(2), c: "text" });
  const first = encode(value());
  const bytes = first.slice();
  first.fill(0xff);
  recycle(first);
  assert(isGone(first));
  const second = encode(value());
  assertEquals(takeAll(), []);
  assertEquals(second, bytes);
  recycle(second);
  const smaller = { a: new Uint8Array(mebibyte + 3), b: new Uint8Array(mebibyte - 5) };
  assertEquals(decodePayload(encode(smaller)), smaller);
});

Deno.test("spare buffers serve only what nearly fills them, and small payloads have none", () => {
  takeAll();
  recycle(new Uint8Array(1000));
  assertEquals(takeAll(), []);
  keepSpare(new ArrayBuffer(mebibyte));
  assertEquals(allocateLarge(mebibyte + 1).buffer.byteLength, mebibyte + 1);
  assertEquals(allocateLarge(mebibyte / 2).buffer.byteLength, mebibyte / 2);
  const part = allocateLarge(mebibyte - 1000);
  assertEquals([part.length, part.buffer.byteLength], [mebibyte - 1000, mebibyte]);
});

Deno.test("a view of what others have as well is not taken back", () => {
  const batch = new Uint8Array(2 * mebibyte);
  for (const part of [batch.subarray(8), batch.subarray(0, mebibyte)]) recycle(part);
  assert(!isGone(batch));
});

Deno.test("few spare buffers are kept, the latest ones", () => {
  takeAll();
  for (let count = 0; count < 100; count++) keepSpare(new ArrayBuffer(mebibyte + count));
  assertEquals(
    takeAll().map(({ byteLength }) => byteLength - mebibyte),
    Array.from({ length: 16 }, (_, at) => 99 - at),
  );
  for (let count = 0; count < 5; count++) keepSpare(new ArrayBuffer(100 * mebibyte));
  assertEquals(spareBytes(), 200 * mebibyte);
  assertEquals(takeAll().length, 2);
  assertEquals(spareBytes(), 0);
});

Deno.test("a payload is not taken back while a connection is at sending it", () => {
  const limits = resolveLimits();
  const outboxes = [0, 1].map(() =>
    createOutbox({ limits, bodyLimit: () => ({ bytesMax: limits.frameBytesMax, option: "frameBytesMax" }) })
  );
  const payload = new Uint8Array(2 * mebibyte).fill(7);
  const message: WireMessage = { kind: "custom", payload };
  for (const outbox of outboxes) outbox.push(message);
  for (const [at, outbox] of outboxes.entries()) {
    for (let pieces = outbox.take(); pieces.length > 0; pieces = outbox.take()) {
      recycle(payload);
      assert(!isGone(payload), `outbox ${at} has not written it`);
    }
  }
  recycle(payload);
  assert(isGone(payload));
});
