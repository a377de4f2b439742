import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { attemptsMax, createAttemptReader, encodeAttempts } from "../../../actors/remote/attempts.ts";
import { WireError } from "../../../actors/remote/errors.ts";
import type { Attempt } from "../../../actors/remote/protocol.ts";
import { endPair, fromHex } from "./support.ts";

const list = (length: number): Attempt[] =>
  Array.from({ length }, (_, i) => ({ task: Number.MAX_SAFE_INTEGER - i, attempt: 1 + i }));

/** The first list that these bodies make, and how many bodies it takes. */
function read(bodies: readonly Uint8Array[]): { attempts: Attempt[] | undefined; taken: number } {
  const reader = createAttemptReader();
  for (const [index, body] of bodies.entries()) {
    const attempts = reader.accept(body);
    if (attempts) return { attempts, taken: index + 1 };
  }
  return { attempts: undefined, taken: bodies.length };
}

Deno.test("list of attempts comes back as it was, also an empty one and one of several frames", () => {
  for (const [length, frames] of [[0, 1], [1, 1], [63, 1], [64, 2], [190, 4]]) {
    const bodies = encodeAttempts(list(length), 8 + 63 * 16);
    assertEquals(read(bodies), { attempts: list(length), taken: frames });
    assertEquals(bodies.length, frames);
  }
});

Deno.test("a reader of attempts takes one list after another", () => {
  const reader = createAttemptReader();
  for (let round = 0; round < 3; round++) {
    const [first, second] = encodeAttempts(list(3), 40);
    assertEquals([reader.accept(first), reader.missing()], [undefined, 1]);
    assertEquals([reader.accept(second), reader.missing()], [list(3), 0]);
  }
});

Deno.test("list of attempts that is damaged is refused", () => {
  const [whole] = encodeAttempts(list(2), 1000);
  const [first, second, third] = encodeAttempts(list(5), 40);
  const damaged: [string, Uint8Array[]][] = [
    ["cut", [whole.slice(0, -1)]],
    ["without a header", [whole.slice(0, 7)]],
    ["longer than its entries", [new Uint8Array([...whole, 0, 0, 0, 0, 0, 0, 0, 0])]],
    ["with a reserved field", [fromHex("01000000 00000000 0100000000000000 01000000 01000000")]],
    ["with a number above 2^53", [fromHex("01000000 00000000 0000000000002000 01000000 00000000")]],
    ["with a frame missing", [first, third]],
    ["with a frame twice", [first, first]],
    ["with more frames than entries", [fromHex("00000000 01000000")]],
    ["too long", [new Uint8Array([...first.slice(0, 4), 0xff, 0xff, 0xff, 0xff, ...first.slice(8)])]],
  ];
  for (const [what, bodies] of damaged) {
    assertEquals(assertThrows(() => read(bodies), WireError, undefined, what).code, "batch-invalid");
  }
  assertEquals(read([first, second, third]).taken, 3);
});

Deno.test("numbers that do not fit and lists that are too long are not sent", () => {
  for (const wrong of [{ task: -1 }, { task: 2 ** 53 }, { attempt: 2 ** 32 }, { attempt: 0.5 }]) {
    assertThrows(() => encodeAttempts([{ task: 1, attempt: 1, ...wrong }], 1000), RangeError);
  }
  assertThrows(() => encodeAttempts(Array(attemptsMax + 1), 1000), RangeError);
});

Deno.test("a long list of what is held crosses a connection whole, in order with results", async () => {
  const { left, right } = await endPair({ limits: { frameBytesMax: 4096 } });
  const held = list(2000);
  const payload = new Uint8Array(1);
  const results = (task: number) =>
    ({ kind: "results", results: [{ task, attempt: 1, status: "ok", elapsedMs: 0, payload }] }) as const;
  for (const message of [results(1), { kind: "held", attempts: held } as const, results(2)]) left.send(message);
  left.send({ kind: "acks", attempts: held });
  await right.count(4);
  const summary = right.messages.map((message) => "attempts" in message ? message.attempts.length : message.kind);
  assertEquals(summary, ["results", 2000, "results", 2000]);
  assertEquals(right.messages[1], { kind: "held", attempts: held });
  left.abort();
});
