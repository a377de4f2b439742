import { assertEquals, assertStrictEquals, assertThrows } from "jsr:@std/assert@^1";
import { Buffer } from "node:buffer";
import { PayloadError } from "../../../actors/remote/errors.ts";
import { decodePayload, encodePayload } from "../../../actors/remote/payload.ts";
import { difference, someValue } from "./payload_values.ts";
import { forSeeds } from "./support.ts";

function roundTrip<T>(value: T): T {
  return decodePayload(encodePayload(value)) as T;
}

function assertTravels(value: unknown): void {
  const diff = difference(value, roundTrip(value));
  if (diff) throw new Error(diff);
}

Deno.test("any value of what travels comes back as it was, references included", async () => {
  await forSeeds(1500, (random) => assertTravels(someValue(random, 5)));
});

Deno.test("primitives come back exactly", () => {
  for (const value of [0, -0, NaN, Infinity, -Infinity, 5e-324, 2 ** 53, -(2 ** 31) - 1, undefined, null, true, ""]) {
    assertStrictEquals(roundTrip(value), value);
    assertStrictEquals(roundTrip([value])[0], value);
  }
  for (const value of [0n, -1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 63n) - 1n, 7n ** 1000n]) {
    assertStrictEquals(roundTrip(value), value);
    assertStrictEquals(roundTrip(-value), -value);
  }
});

Deno.test("texts come back exactly: lone surrogates, byte order marks, any length", () => {
  for (const unit of ["a", "ä", "€", "\u{1f600}", "\ud83d", "\udc00", "\ufeff", "\0"]) {
    for (const length of [1, 15, 16, 17, 31, 32, 63, 64, 65, 255, 256, 65_535, 65_536, 100_000]) {
      const text = unit.repeat(length);
      if (roundTrip(text) !== text) throw new Error(`${JSON.stringify(unit)} x ${length}`);
      if (roundTrip({ text }).text !== text) throw new Error(`${JSON.stringify(unit)} x ${length} in an object`);
    }
    assertEquals(Object.keys(roundTrip({ [unit + "key"]: 1, [unit.repeat(70)]: 2 })), [unit + "key", unit.repeat(70)]);
  }
});

Deno.test("objects of many shapes, and many of one shape, come back as they were", () => {
  assertTravels(Array.from({ length: 300 }, (_, i) => ({ [`k${i}`]: i, [`l${i % 70}`]: { deep: i } })));
  assertTravels(Array.from({ length: 3000 }, (_, i) => ({ x: i + 63, y: [i], name: `n${i}`, flag: i % 2 === 0 })));
  assertTravels(Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])));
  assertTravels(Array.from({ length: 70_000 }, (_, i) => i * 1.5));
});

Deno.test("cyclic and shared references are kept", () => {
  const cyclic: Record<string, unknown> = { list: [], map: new Map(), data: new Float64Array(200) };
  cyclic.self = cyclic;
  (cyclic.list as unknown[]).push(cyclic.list, cyclic);
  (cyclic.map as Map<unknown, unknown>).set(cyclic.map, cyclic);
  cyclic.again = cyclic.data;
  const error: Error = new Error("round");
  error.cause = error;
  assertTravels(cyclic);
  assertTravels(error);
  // Written out, these forty levels would be 2^40 objects.
  let shared: unknown = { leaf: true };
  for (let i = 0; i < 40; i++) shared = [shared, shared];
  const back = roundTrip(shared) as [unknown, unknown];
  assertStrictEquals(back[0], back[1]);
});

Deno.test("errors come back as the class that they inherit from, with their name, stack and cause", () => {
  class RangeProblem extends RangeError {
    override name = "RangeProblem";
  }
  const error = new RangeProblem("too far", { cause: new DOMException("inner", "DataError") });
  const back = roundTrip(error);
  assertEquals([back instanceof RangeError, back.name, back.message], [true, "RangeProblem", "too far"]);
  assertEquals(back.stack, error.stack);
  assertEquals([(back.cause as Error).name, (back.cause as Error).message], ["DataError", "inner"]);
  assertEquals(Object.keys(back), []);
});

Deno.test("keys that touch prototypes come back as own keys and pollute nothing", () => {
  const value = JSON.parse(
    '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "toJSON": 3}',
  );
  const back = roundTrip(value);
  assertEquals(Object.keys(back), ["__proto__", "constructor", "toJSON"]);
  assertStrictEquals(Object.getPrototypeOf(back), Object.prototype);
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
  assertTravels(value);
  assertTravels(Array.from({ length: 20 }, () => JSON.parse('{"__proto__": 1, "hasOwnProperty": 2}')));
});

Deno.test("objects without a prototype, holes and toJSON are taken as plain data", () => {
  const bare = Object.assign(Object.create(null), { x: 1, hasOwnProperty: 2 });
  assertEquals(roundTrip(bare), { x: 1, hasOwnProperty: 2 });
  assertEquals(roundTrip([1, , 3]), [1, undefined, 3]); // deno-lint-ignore no-sparse-arrays
  assertEquals(roundTrip({ toJSON: "kept", [Symbol("gone")]: 1 }), { toJSON: "kept" });
});

/** Data views with their bytes: libraries differ in whether two views of different buffers are equal. */
function contents<T extends { readonly view: DataView }>({ view, ...rest }: T) {
  return { ...rest, view: new Uint8Array(view.buffer, view.byteOffset, view.byteLength) };
}

Deno.test("binary data of 1 KiB and more is read in place, aligned, if the payload is", () => {
  const value = {
    id: 1,
    data: new Float64Array(200).fill(1.5),
    odd: new Uint8Array(1025),
    view: new DataView(new ArrayBuffer(2000)),
  };
  const bytes = encodePayload(value);
  const back = decodePayload(bytes) as typeof value;
  for (const view of [back.data, back.odd, back.view]) {
    assertStrictEquals(view.buffer, bytes.buffer);
    assertEquals(view.byteOffset % 8, 0);
  }
  assertEquals(contents(back), contents(value));

  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const copied = decodePayload(shifted.subarray(3)) as typeof value;
  assertEquals(copied.data.buffer === shifted.buffer, false);
  assertEquals(contents(copied), contents(value));
});

Deno.test("short binary data and array buffers are copies of their own", () => {
  const bytes = encodePayload([new Uint8Array(1023).fill(1), new ArrayBuffer(5000), new Float32Array(0)]);
  const [short, buffer, empty] = decodePayload(bytes) as [Uint8Array, ArrayBuffer, Float32Array];
  bytes.fill(0);
  assertEquals([short.length, short[7], short.buffer.byteLength], [1023, 1, 1023]);
  assertEquals([buffer.byteLength, empty.length], [5000, 0]);
});

Deno.test("views of shared memory and node buffers travel as what they hold", () => {
  const shared = new Uint32Array(new SharedArrayBuffer(4000)).fill(7);
  const back = roundTrip({ shared, whole: shared.buffer, node: Buffer.from("text") });
  assertEquals(Object.getPrototypeOf(back.node), Uint8Array.prototype);
  assertEquals(new TextDecoder().decode(back.node), "text");
  assertEquals([back.shared.length, back.shared[999], back.shared.buffer instanceof ArrayBuffer], [1000, 7, true]);
  assertEquals((back.whole as unknown) instanceof ArrayBuffer && back.whole.byteLength, 4000);
});

Deno.test("a payload has a buffer of its own, that later ones do not touch", () => {
  const first = encodePayload({ x: 1, text: "first" });
  const copy = first.slice();
  assertEquals(first.byteLength, first.buffer.byteLength);
  for (let i = 0; i < 100; i++) encodePayload({ x: i, text: "later".repeat(i) });
  assertEquals(first, copy);
  structuredClone(first, { transfer: [first.buffer] });
  assertEquals(roundTrip({ x: 2 }), { x: 2 });
});

class Thing {
  value = 1;
}

Deno.test("what cannot travel is named by its path", () => {
  const cases: [unknown, string, string][] = [
    [() => 1, "result", "a function"],
    [{ callback() {} }, "result.callback", "a function (callback)"],
    [{ items: [1, 2, 3, { fn: () => 1 }] }, "result.items[3].fn", "a function (fn)"],
    [{ "two words": Symbol("s") }, 'result["two words"]', "a symbol"],
    [{ thing: new Thing() }, "result.thing", "an instance of Thing"],
    [[new WeakMap()], "result[0]", "an instance of WeakMap"],
    [{ later: Promise.resolve(1) }, "result.later", "a promise (await it first)"],
    [new Map([["a", new Map([[{}, new Thing()]])]]), 'result.get("a").get(keys()[0])', "an instance of Thing"],
    [new Map([[1, 2], [new Thing(), 3]] as [unknown, unknown][]), "result.keys()[1]", "an instance of Thing"],
    [new Set([1, new Thing()]), "result.values()[1]", "an instance of Thing"],
    [new Error("x", { cause: { fn: Thing } }), "result.cause.fn", "a function (Thing)"],
    [
      JSON.parse('{"__proto__": 1}', (key, value) => key === "__proto__" ? Thing : value),
      "result.__proto__",
      "a function (Thing)",
    ],
    [new (class List extends Array {})(), "result", "an instance of List"],
    [new (class Index extends Map {})(), "result", "an instance of Index"],
    [Object.create(new Thing()), "result", "an instance of Thing"],
    [new String("boxed"), "result", "an instance of String"],
    [new URL("http://localhost/"), "result", "an instance of URL"],
  ];
  for (const [value, path, what] of cases) {
    const error = assertThrows(() => encodePayload(value, "result"), PayloadError);
    assertEquals([error.code, error.path, error.what], ["payload-unsupported", path, what]);
    if (!error.message.startsWith(`${path} is ${what}, which cannot travel: `)) throw new Error(error.message);
  }
  assertEquals(assertThrows(() => encodePayload(Thing), PayloadError).path, "value");
});

Deno.test("binary data whose buffer was transferred away is an error, not an empty array", () => {
  const data = new Float64Array(10);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  const error = assertThrows(() => encodePayload({ data }, "result"), PayloadError);
  assertEquals([error.path, error.what], ["result.data", "binary data whose buffer was transferred away"]);
});

Deno.test("values may be nested 1000 levels deep, and no deeper", () => {
  const nest = (levels: number, wrap: (inner: unknown) => unknown) => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = wrap(value);
    return value;
  };
  const wraps: ((inner: unknown) => unknown)[] = [
    (inner) => [inner],
    (inner) => ({ next: inner }),
    (inner) => new Map([["next", inner]]),
    (inner) => new Error("x", { cause: inner }),
    (inner) => Object.defineProperty({}, "constructor", { value: inner, enumerable: true }),
  ];
  for (const wrap of wraps) {
    encodePayload(decodePayload(encodePayload(nest(1000, wrap))));
    const error = assertThrows(() => encodePayload(nest(1001, wrap), "result"), PayloadError);
    assertEquals(error.code, "payload-unsupported");
    if (error.message.length > 800) throw new Error(error.message);
  }
  assertThrows(() => encodePayload(nest(100_000, wraps[1])), PayloadError, "nested deeper than 1000 levels");
});

Deno.test("a getter that encodes another value is an error, not garbage, and what follows is fine", () => {
  let reads = 0;
  const value = {
    get tricky() {
      // The first read is the look before; the second is msgpackr's own.
      reads += 1;
      return reads === 2 ? encodePayload({ inner: 1 }).length : 1;
    },
  };
  assertThrows(() => encodePayload(value), TypeError, "from within the encoding of another");
  assertEquals(roundTrip({ x: 1 }), { x: 1 });
});

Deno.test("failing values leave nothing behind for the next ones", async () => {
  await forSeeds(50, (random) => {
    assertThrows(() => encodePayload([someValue(random, 3), () => 1]), PayloadError);
    assertTravels(someValue(random, 4));
  });
});

Deno.test("a worker without any permission reads and writes values, as deep as they may be", async () => {
  const worker = new Worker(new URL("./payload_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
  try {
    const answer = (value: unknown) => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      worker.onmessage = (event) => resolve(decodePayload(event.data));
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(encodePayload(value));
      return promise;
    };
    let deep: unknown = new Map([[-0, new Float64Array(200)]]);
    for (let i = 0; i < 998; i++) deep = i % 2 ? { next: deep } : [deep];
    for (const value of [{ x: 1 }, deep]) {
      const diff = difference(value, await answer(value));
      if (diff) throw new Error(diff);
    }
  } finally {
    worker.terminate();
  }
});
