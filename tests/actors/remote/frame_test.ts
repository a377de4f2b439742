import { assert, assertEquals, assertStrictEquals, assertThrows } from "jsr:@std/assert@^1";
import { WireError } from "../../../actors/remote/errors.ts";
import { align8, type FrameType, frameType, makeFrame, readFrame } from "../../../actors/remote/frame.ts";
import { createFrameReader } from "../../../actors/remote/reader.ts";
import { forSeeds, framesOf, fromHex, someBytes, whole } from "./support.ts";

const limit = () => ({ bytesMax: 4096, option: "frameBytesMax" as const });
const types = Object.values(frameType);

function codeOf(run: () => unknown): string {
  return assertThrows(run, WireError).code;
}

Deno.test("frame that is whole is read in place", () => {
  const bytes = makeFrame(frameType.custom, fromHex("0102030405"));
  const at = readFrame(bytes, 0, bytes.length, limit);
  if (!at.complete) throw new Error("incomplete");
  assertEquals(at.end, 16);
  assertEquals(at.frame.body, fromHex("0102030405"));
  assertStrictEquals(at.frame.body.buffer, bytes.buffer);
});

Deno.test("frame that is cut at any place is incomplete and says how much it needs", () => {
  const bytes = makeFrame(frameType.results, new Uint8Array(19));
  for (let end = 0; end < bytes.length; end++) {
    const head = { type: frameType.results, compressed: false, length: 19 };
    const wanted = end < 8 ? { bytesNeeded: 8 } : { bytesNeeded: 32, head };
    assertEquals(readFrame(bytes, 0, end, limit), { complete: false, ...wanted });
  }
});

Deno.test("frame with a length above its limit is refused from its header alone, naming the option", () => {
  for (const length of ["01100000", "ffffff7f", "00000080", "ffffffff"]) {
    const header = fromHex(`${length} 03 00 0000`);
    const error = assertThrows(() => readFrame(header, 0, 8, limit), WireError);
    assertEquals(error.code, "frame-too-large");
    const value = new DataView(header.buffer).getUint32(0, true);
    assertEquals(error.crossed, { value, limit: 4096, option: "frameBytesMax" });
    assertEquals(
      error.message,
      `a frame of type 3 has ${value} bytes, and at most 4096 are allowed: ` +
        "raise frameBytesMax (option --frame-bytes-max)",
    );
  }
});

Deno.test("frame with an unknown type, flag or reserved field is refused", () => {
  for (const header of ["00000000 00 00 0000", "00000000 0a 00 0000", "00000000 ff 00 0000"]) {
    assertEquals(codeOf(() => readFrame(fromHex(header), 0, 8, limit)), "frame-invalid");
  }
  for (const header of ["00000000 01 02 0000", "00000000 01 00 0100", "00000000 01 00 0080"]) {
    assertEquals(codeOf(() => readFrame(fromHex(header), 0, 8, limit)), "frame-invalid");
  }
});

Deno.test("padding of frames keeps each start at a multiple of eight, also beyond 32 bits", () => {
  assertEquals([0, 1, 7, 8, 9].map(align8), [0, 8, 8, 8, 16]);
  assertEquals(align8(2 ** 33 + 1), 2 ** 33 + 8);
});

/** Feeds a stream to a reader in pieces, and gives what it makes of it. */
function readAll(stream: Uint8Array, pieceLength: () => number): { type: FrameType; body: Uint8Array }[] {
  const reader = createFrameReader();
  const frames: { type: FrameType; body: Uint8Array }[] = [];
  for (const { type, body } of framesOf(reader, stream, bigLimit, pieceLength)) {
    const escapes = type >= frameType.tasks && type <= frameType.custom;
    frames.push({ type, body: escapes ? body : body.slice() });
  }
  reader.finish();
  return frames;
}

const bigLimit = () => ({ bytesMax: 1 << 20, option: "frameBytesMax" as const });

Deno.test("reader gives the same frames however a stream is cut, and leaves views that are held alone", async () => {
  await forSeeds(60, (random) => {
    const frames = Array.from({ length: whole(random, 1, 40) }, () => ({
      type: types[whole(random, 0, types.length - 1)],
      body: someBytes(random, Math.floor(random.next() ** 4 * 100_000)),
    }));
    const parts = frames.map(({ type, body }) => makeFrame(type, body));
    const stream = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
    let at = 0;
    for (const part of parts) {
      stream.set(part, at);
      at += part.length;
    }
    const pieceMax = [1, 3, 100, 10_000, 1e9][whole(random, stream.length > 20_000 ? 2 : 0, 4)];
    // Compared only now, after everything was read: what was handed out must not have been written over.
    assertEquals(readAll(stream, () => pieceMax === 1e9 ? pieceMax : whole(random, 1, pieceMax)), frames);
  });
});

Deno.test("bodies that carry payloads start at a multiple of eight of their buffer", () => {
  const parts = [frameType.control, frameType.tasks, frameType.custom, frameType.results].map((type, i) =>
    makeFrame(type, new Uint8Array(13 + i).fill(i))
  );
  const stream = new Uint8Array(parts.flatMap((part) => [...part]));
  for (const pieceLength of [1, 5, 64]) {
    for (const { type, body } of readAll(stream, () => pieceLength)) {
      if (type !== frameType.control) assertEquals(body.byteOffset % 8, 0);
    }
  }
});

Deno.test("reader tells a stream that ends between frames from one that is cut", () => {
  const frame = makeFrame(frameType.custom, new Uint8Array(20));
  for (let end = 0; end <= frame.length; end++) {
    const reader = createFrameReader();
    reader.space().set(frame.subarray(0, end));
    reader.received(end);
    reader.next(limit);
    if (end === 0 || end === frame.length) reader.finish();
    else assertEquals(codeOf(reader.finish), "frame-truncated");
  }
});

Deno.test("reader allocates in proportion to what has come, not to what is announced", () => {
  const reader = createFrameReader();
  const announced = 1 << 20;
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, announced, true);
  header[4] = frameType.custom;
  reader.space().set(header);
  reader.received(8);
  let received = 8;
  while (received < announced + 8) {
    assertEquals(reader.next(bigLimit), undefined);
    const space = reader.space();
    // The room for reading, and so the buffer, at most doubles with what is there.
    if (space.length + received > Math.max(1024, 2 * received + 8)) {
      throw new Error(`${space.length + received} bytes for ${received}`);
    }
    const count = Math.min(100, announced + 8 - received, space.length);
    reader.received(count);
    received += count;
  }
  assertEquals(reader.next(bigLimit)?.body.length, announced);
});

Deno.test("reader grows with use, and has little room again after a while of small frames", () => {
  const reader = createFrameReader();
  const read = (body: Uint8Array) => {
    for (const _ of framesOf(reader, makeFrame(frameType.control, body), bigLimit));
    return reader.space().length;
  };
  assertEquals(read(new Uint8Array(50)), 1024);
  assert(read(new Uint8Array(500_000)) >= 256 * 1024);
  for (let count = 0; count < 20; count++) read(new Uint8Array(50));
  assertEquals(reader.space().buffer.byteLength, 1024);
});
