/** The plain functions of the journal. @module */
import { assertEquals, assertNotEquals } from "jsr:@std/assert@^1";
import { taskHash } from "../../../server/journal/mod.ts";
import { join, split } from "../../../server/journal/parts.ts";
import { isInRanges, subtractRanges } from "../../../server/journal/ranges.ts";

Deno.test("a task's hash is the beginning of the SHA-256 of its payload", () => {
  // The first two vectors of FIPS 180-2, appendix B, and the empty message.
  assertEquals(taskHash(new TextEncoder().encode("abc")), "ba7816bf8f01cfea");
  const long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  assertEquals(taskHash(new TextEncoder().encode(long)), "248d6a61d20638b8");
  assertEquals(taskHash(new Uint8Array()), "e3b0c44298fc1c14");
});

Deno.test("a task's hash is that of the bytes it is given, not of the buffer around them", () => {
  const bytes = new Uint8Array([1, 2, 3, 4]);
  assertEquals(taskHash(bytes.subarray(1, 3)), taskHash(new Uint8Array([2, 3])));
  assertNotEquals(taskHash(bytes.subarray(1, 3)), taskHash(bytes));
});

Deno.test("payloads are split at the limit and joined again", () => {
  for (const [length, counts] of [[0, [0]], [1, [1]], [4, [4]], [5, [4, 1]], [8, [4, 4]], [11, [4, 4, 3]]] as const) {
    const payload = Uint8Array.from({ length }, (_, i) => i);
    const parts = split(payload, 4);
    assertEquals(parts.map((part) => part.length), [...counts]);
    assertEquals(join(parts), payload);
  }
});

Deno.test("ranges are subtracted, and searched, as the sets of numbers that they are", () => {
  const toRanges = (bits: number): [number, number][] => {
    const ranges: [number, number][] = [];
    for (let i = 0; i < 7; i++) {
      if ((bits >> i & 1) === 0) continue;
      const last = ranges.at(-1);
      if (last && last[1] === i - 1) last[1] = i;
      else ranges.push([i, i]);
    }
    return ranges;
  };
  for (let a = 0; a < 128; a++) {
    for (let i = 0; i < 8; i++) assertEquals(isInRanges(toRanges(a), i), (a >> i & 1) === 1);
    for (let b = 0; b < 128; b++) {
      const left = subtractRanges(toRanges(a), toRanges(b));
      // Neighbours may be apart or together.
      const bits = left.reduce((sum, [first, last]) => sum | (2 << last) - (1 << first), 0);
      if (bits !== (a & ~b)) throw new Error(`${JSON.stringify([toRanges(a), toRanges(b), left])}`);
    }
  }
});
