import { assert, assertEquals, assertStrictEquals } from "jsr:@std/assert@^1";
import { decodePayload, encodePayload } from "../../../actors/remote/payload.ts";
import { createSlab } from "../../../actors/remote/slab.ts";

Deno.test("payloads of one slab are apart, and each is what it is with a buffer of its own", () => {
  const allocate = createSlab();
  const values = Array.from({ length: 5_000 }, (_, i) => {
    return [i, -i / 3, `text ${i}`, { of: i }, new Float32Array(i % 90).fill(i)][i % 5];
  });
  const payloads = values.map((value) => encodePayload(value, "value", allocate));
  assertEquals(payloads, values.map((value) => encodePayload(value)));
  assertEquals(payloads.map(decodePayload), values);
  assertEquals(payloads.filter(({ byteOffset }) => byteOffset % 8 !== 0), []);
});

Deno.test("small payloads share buffers, and a large one has its own", () => {
  const allocate = createSlab();
  const [first, large, second] = [1, new Float64Array(1_000), 2].map((value) => encodePayload(value, "", allocate));
  assertStrictEquals(first.buffer, second.buffer);
  assert(first.buffer !== large.buffer);
  assertEquals(large.buffer.byteLength, large.byteLength);
});
