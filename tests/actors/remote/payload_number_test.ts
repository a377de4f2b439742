import { assertEquals, assertStrictEquals } from "jsr:@std/assert@^1";
import { decodePayload, encodePayload } from "../../../actors/remote/payload.ts";
import { copyPacked, pack } from "../../../actors/remote/payload_msgpack.ts";
import { allocateOwn } from "../../../actors/remote/slab.ts";
import { notOneNumber, readNumber, writeNumber } from "../../../actors/remote/payload_number.ts";
import { forSeeds } from "./support.ts";

/** Numbers around every power of two, where the forms change, and some between. */
function* edges(): Generator<number> {
  for (let power = 0; power <= 64; power++) {
    for (const near of [-1, 0, 1, 0.5]) yield* [2 ** power + near, -(2 ** power) + near];
  }
  yield* [0, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, Math.PI];
}

function byMsgpackr(value: number): Uint8Array {
  const packed = pack(value, 8, 0);
  const bytes = new Uint8Array(packed.end - packed.start);
  copyPacked(packed, bytes);
  return bytes.subarray(8);
}

Deno.test("a number alone is written as msgpackr writes it, and comes back", async () => {
  const check = (value: number) => {
    assertEquals(writeNumber(value, 8, allocateOwn).subarray(8), byMsgpackr(value), `${value}`);
    assertStrictEquals(readNumber(writeNumber(value, 3, allocateOwn), 3), value);
    assertStrictEquals(decodePayload(encodePayload(value)), value);
  };
  for (const value of edges()) check(value);
  await forSeeds(2_000, (random) => check((random.next() - 0.5) * 2 ** Math.floor(random.next() * 70)));
});

Deno.test("what is not one number is left to others", () => {
  for (const value of ["", "a", "ab", "abcd", "abcdefgh", null, true, [1], { a: 1 }, 1n]) {
    const bytes = encodePayload(value);
    assertStrictEquals(readNumber(bytes, 8), notOneNumber, String(value));
    assertEquals(decodePayload(bytes), value);
  }
});
