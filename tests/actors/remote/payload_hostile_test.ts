import { assertEquals, assertInstanceOf, assertThrows } from "jsr:@std/assert@^1";
import { decodeFailure, encodeFailure } from "../../../actors/remote/failure.ts";
import { PayloadError } from "../../../actors/remote/errors.ts";
import { decodePayload, encodePayload } from "../../../actors/remote/payload.ts";
import type { TaskFailure } from "../../../actors/remote/protocol.ts";
import { someValue } from "./payload_values.ts";
import { forSeeds, fromHex, whole } from "./support.ts";

function assertCorrupt(bytes: Uint8Array): void {
  assertEquals(assertThrows(() => decodePayload(bytes), PayloadError).code, "payload-corrupt");
}

/** A payload around a head. */
function payload(head: string, form: "plain" | "special" = "plain"): Uint8Array {
  const bytes = fromHex(head);
  const whole = new Uint8Array(8 + bytes.length);
  new DataView(whole.buffer).setUint32(0, bytes.length, true);
  whole[4] = 1;
  whole[5] = form === "special" ? 1 : 0;
  whole.set(bytes, 8);
  return whole;
}

Deno.test("payload that is cut at any place is corrupt", () => {
  const values = [
    { x: 1.5, text: "some text", list: [1, 2, 3], more: { deep: null } },
    Array.from({ length: 10 }, (_, i) => ({ x: i, y: "y" })),
    { data: new Float64Array(150), map: new Map([[1, { x: -0 }]]), error: new Error("x"), big: 2n ** 70n },
  ];
  for (const value of values) {
    const bytes = encodePayload(value);
    for (let length = 0; length < bytes.length; length++) assertCorrupt(bytes.slice(0, length));
    assertCorrupt(new Uint8Array([...bytes, ...new Uint8Array(8)]));
  }
});

Deno.test("payload whose lengths lie is corrupt, and nothing is allocated for them", () => {
  const heads = [
    "dd ffffffff", // an array
    "dd 7fffffff 01",
    "dc ffff 01",
    "df ffffffff", // a map
    "df 80000000 a161 01",
    "de ffff",
    "db ffffffff 61", // a text
    "d9 05 61",
    "da ffff 61",
    "9f 01",
    "8f a161 01",
    "bf 61",
    "91".repeat(1002) + "01", // too deep
    "dd 00000001".repeat(200_000) + "01",
    "cb 0000", // a float
    "d3",
    "d4 72 40 dd ffffffff", // a record's keys
    "d4 72 40 91 a161",
    "",
  ];
  for (const head of heads) assertCorrupt(payload(head));
  // Arrays within arrays, each of which announces all that is left of the bytes.
  assertCorrupt(
    payload(Array.from({ length: 900 }, (_, i) => `dd${(4500 - 5 * i).toString(16).padStart(8, "0")}`).join("")),
  );
  for (const head of ["c6 ffffffff 00", "c5 ffff", "c4 05 00"]) assertCorrupt(payload(head, "special"));
});

Deno.test("payload with tokens and extensions that the writer never uses is corrupt", () => {
  const heads = [
    "c1", // the mark of specials, in a plain head
    "c4 00", // bytes, in a plain head
    "ca 00000000", // a float of 32 bits
    "c7 01 74 00", // typed arrays, ids, pointers, dates, bundled strings of msgpackr
    "d6 69 00000001 90",
    "91 d6 70 00000001",
    "d6 ff 00000000",
    "d6 62 00000000",
    "d4 73 00 90",
    "d4 65 00 93 a0 a0 c0",
    "d4 78 00 92 a161 a0",
    "d5 72 40 00 90",
    "40", // a record that is not defined
    "92 d4 72 40 90 41",
    "d4 72 80 90",
    "d4 72 40 91 01 01", // a record whose key is no text
    "81 01 01", // a map whose key is no text
    "01 01", // two values
    "d4 00 01",
  ];
  for (const head of heads) assertCorrupt(payload(head));
});

Deno.test("specials that do not hold what they must are corrupt", () => {
  const specials = [
    "c1",
    "91 c1",
    "92 c1 63",
    "93 c1 00 05", // a reference to an object that is not there
    "93 c1 00 a161",
    "94 c1 02 a0 c2",
    "94 c1 02 a2 7a7a c2",
    "93 c1 03 c4 03 000000",
    "93 c1 05 01", // a map with a key alone
    "93 c1 07 07",
    "99 c1 07 08 a161 a0 a0 c2 c0 c0", // an error class that is none
    "94 c1 08 a1 28 a0", // a pattern that is none
    "94 c1 08 a1 61 a1 71",
    "94 c1 09 01 01",
    "93 c1 0a 00",
    "94 c1 0a cc ff c4 00",
    "94 c1 0a 0a c4 03 000000", // three bytes of a Float64Array
    "94 c1 0b 03 05", // a block that is not there
    "94 c1 0b 03 cb 43e0000000000000",
    "94 c1 0b 03 ff",
    "c4 01 00",
  ];
  for (const head of specials) assertCorrupt(payload(head, "special"));
});

Deno.test("header of a payload is checked", () => {
  const good = encodePayload([1]);
  for (const [at, value] of [[4, 0], [4, 2], [5, 2], [6, 1], [7, 1], [0, 0], [3, 0x80], [0, 200]]) {
    const bytes = good.slice();
    bytes[at] = value;
    assertCorrupt(bytes);
  }
});

Deno.test("damaged and random payloads are corrupt or read, and nothing else happens", async () => {
  await forSeeds(1500, (random) => {
    const bytes = encodePayload(someValue(random, 4));
    for (let i = whole(random, 1, 4); i > 0; i--) bytes[whole(random, 0, bytes.length - 1)] = whole(random, 0, 255);
    try {
      decodePayload(bytes);
    } catch (error) {
      assertInstanceOf(error, PayloadError);
    }
  });
  await forSeeds(1500, (random) => {
    const head = Array.from(
      { length: whole(random, 1, 60) },
      () => whole(random, 0, 255).toString(16).padStart(2, "0"),
    );
    try {
      decodePayload(payload(head.join(""), whole(random, 0, 1) ? "special" : "plain"));
    } catch (error) {
      assertInstanceOf(error, PayloadError);
    }
  });
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("a record with a hostile key pollutes nothing", () => {
  // { "__proto__": { "a": 1 } } as a map and as a record.
  const key = `a9 ${"5f5f70726f746f5f5f"}`;
  for (const head of [`81 ${key} 81 a161 01`, `d4 72 40 91 ${key} 81 a161 01`]) {
    const value = decodePayload(payload(head)) as Record<string, unknown>;
    assertEquals(value.a, undefined);
    assertEquals(Object.getPrototypeOf(value), Object.prototype);
  }
});

const failure: TaskFailure = {
  kind: "error",
  name: "RangeError",
  message: "bad\n\ud800",
  stack: "RangeError: bad\n  at x",
};

Deno.test("failure comes back as it was, with and without its stack", () => {
  assertEquals(decodeFailure(encodeFailure(failure)), failure);
  const { stack: _, ...bare } = failure;
  assertEquals(decodeFailure(encodeFailure(bare)), bare);
});

Deno.test("failure is cut to its bounds, and can then be read", () => {
  const long = "ü".repeat(200_000);
  const bytes = encodeFailure({ kind: "timeout", name: long, message: long, stack: long });
  const { name, message, stack } = decodeFailure(bytes);
  for (const [text, max] of [[name, 256], [message, 65_536], [stack!, 65_536]] as const) {
    if (text.length > max || text.length < max - 100) throw new Error(`${text.length} of ${max}`);
    if (!text.endsWith("more characters)")) throw new Error(text.slice(-50));
  }
});

Deno.test("what is no failure is corrupt", () => {
  const wrong = [
    null,
    [],
    { ...failure, kind: "other" },
    { ...failure, kind: "constructor" },
    { ...failure, name: 5 },
    { ...failure, message: undefined },
    { ...failure, stack: {} },
    { ...failure, name: "x".repeat(257) },
    { ...failure, message: "x".repeat(70_000) },
  ];
  for (const value of wrong) {
    const error = assertThrows(() => decodeFailure(encodePayload(value)), PayloadError);
    assertEquals(error.code, "payload-corrupt");
  }
  assertThrows(() => decodeFailure(encodePayload(new Uint8Array(1e6))), PayloadError, "too many");
});
