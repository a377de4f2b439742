/**
 * Holds the two doors together: what the source imports of the five std packages, the adapters export; and both sides
 * answer the same. Each vector was made with the original packages; under the npm door this file tests the adapters,
 * under the JSR door it tests that the vectors are true.
 */
import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unreachable,
} from "jsr:@std/assert@^1";
import { delay } from "jsr:@std/async@^1";
import { parseArgs } from "jsr:@std/cli@^1";
import { BaseHandler, Logger, LogLevels, type LogRecord } from "jsr:@std/log@^0.224";
import { decode, encode } from "jsr:@std/msgpack@^1";
import { readImports } from "./imports.ts";
import { projectFiles, readProjectFile } from "./project_files.ts";

const adapters: Record<string, () => Promise<Record<string, unknown>>> = {
  "jsr:@std/assert@^1": () => import("../npm/assert.ts"),
  "jsr:@std/async@^1": () => import("../npm/async.ts"),
  "jsr:@std/cli@^1": () => import("../npm/cli.ts"),
  "jsr:@std/log@^0.224": () => import("../npm/log.ts"),
  "jsr:@std/msgpack@^1": () => import("../npm/msgpack.ts"),
};

Deno.test("the npm door maps the five std packages to their adapters and nothing else", () => {
  const { imports } = JSON.parse(readProjectFile("npm/import_map.json"));
  const expected = Object.keys(adapters).map((name) => [name, `./${name.split(/[/@]/)[2]}.ts`]);
  assertEquals(imports, Object.fromEntries(expected));
});

Deno.test("every adapter exports all that the source imports of its package", async () => {
  const sources = projectFiles().filter((path) => path.endsWith(".ts"));
  let found = 0;
  for (const path of sources) {
    for (const { from, names } of readImports(path, readProjectFile(path))) {
      if (!from.startsWith("jsr:")) continue;
      assert(from in adapters, `${path} imports ${from}, to which the npm door does not lead`);
      const adapter = await adapters[from]();
      for (const name of names) assert(name in adapter, `${path} imports ${name} from ${from}: the adapter lacks it`);
      found += names.length;
    }
  }
  assertGreater(found, 0);
});

const bytes = (...values: (number | string | number[])[]) =>
  new Uint8Array(values.flatMap((v) => typeof v === "string" ? [...new TextEncoder().encode(v)] : v));

const messagePack: [string, Parameters<typeof encode>[0], Uint8Array][] = [
  ["null", null, bytes(0xc0)],
  ["booleans", [true, false], bytes(0x92, 0xc3, 0xc2)],
  ["small integers", [0, 127, -1, -32], bytes(0x94, 0, 127, 0xff, 0xe0)],
  ["8 bits", [128, 255, -33, -128], bytes(0x94, 0xcc, 128, 0xcc, 255, 0xd0, 0xdf, 0xd0, 0x80)],
  ["16 bits", [256, 65535, -129], bytes(0x93, 0xcd, 1, 0, 0xcd, 255, 255, 0xd1, 0xff, 0x7f)],
  ["32 bits", [65536, -32769], bytes(0x92, 0xce, 0, 1, 0, 0, 0xd2, 0xff, 0xff, 0x7f, 0xff)],
  ["beyond 32 bits", 2 ** 40, bytes(0xcb, 0x42, 0x70, 0, 0, 0, 0, 0, 0)],
  ["a fraction", 1.5, bytes(0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)],
  ["a bigint", 5n, bytes(0xcf, 0, 0, 0, 0, 0, 0, 0, 5)],
  ["a negative bigint", -2n, bytes(0xd3, 255, 255, 255, 255, 255, 255, 255, 254)],
  ["a string", "Grüße", bytes(0xa7, "Grüße")],
  ["a longer string", "x".repeat(40), bytes(0xd9, 40, "x".repeat(40))],
  ["bytes", bytes(1, 2, 3), bytes(0xc4, 3, 1, 2, 3)],
  ["no bytes", bytes(), bytes(0xc4, 0)],
  ["a map", { type: "hello", slots: 2 }, bytes(0x82, 0xa4, "type", 0xa5, "hello", 0xa5, "slots", 2)],
  ["a longer array", Array(16).fill(7), bytes(0xdc, 0, 16, Array(16).fill(7))],
];

for (const [name, value, written] of messagePack) {
  Deno.test(`msgpack writes and reads ${name} alike through both doors`, () => {
    assertEquals(encode(value), written);
    assertEquals(decode(written), value);
  });
}

Deno.test("msgpack reads 32-bit floats and 64-bit integers alike through both doors", () => {
  assertEquals(decode(bytes(0xca, 0x3f, 0x80, 0, 0)), 1);
  assertEquals(decode(bytes(0xcf, 0, 0, 0, 0, 0, 0, 1, 0)), 256n);
});

Deno.test("msgpack reads bytes as a view of its input", () => {
  const input = encode({ proof: new Uint8Array([1, 2, 3]) });
  const { proof } = decode(input) as { proof: Uint8Array };
  assertStrictEquals(proof.buffer, input.buffer);
});

Deno.test("msgpack refuses what cannot travel", () => {
  class Point {}
  for (
    const value of [
      undefined,
      { a: undefined },
      [undefined],
      new Point(),
      new Date(0),
      () => 0,
      new Map(),
      2n ** 64n,
    ]
  ) {
    assertThrows(() => encode(value as unknown as null), Error);
  }
});

Deno.test("msgpack refuses cut, surplus and unknown bytes", () => {
  assertThrows(() => decode(bytes()), EvalError);
  assertThrows(() => decode(bytes(0x92, 1)), EvalError);
  assertThrows(() => decode(bytes(0xa5, "hell")), EvalError);
  assertThrows(() => decode(bytes(1, 1)), EvalError);
  assertThrows(() => decode(bytes(0xc1)), Error);
  assertThrows(() => decode(bytes(0xd4, 1, 2)), Error);
});

Deno.test("parseArgs reads typed, collected, negated and aliased options alike through both doors", () => {
  const args = [
    "run",
    "job.ts",
    "-n",
    "2",
    "--label",
    "a=1",
    "--label=b=2",
    "--no-color",
    "--port",
    "7",
    "--quiet",
    "--",
    "--x",
  ];
  const parsed = parseArgs(args, {
    string: ["label", "port", "absent"],
    boolean: ["color", "quiet", "verbose"],
    collect: ["label"],
    negatable: ["color"],
    alias: { nodes: "n" },
    default: { color: true, retries: 5 },
    "--": true,
  });
  const { _, ...options } = parsed;
  assertEquals(_, ["run", "job.ts"]);
  assertEquals(
    Object.fromEntries(Object.entries(options).sort()),
    {
      "--": ["--x"],
      color: false,
      label: ["a=1", "b=2"],
      n: 2,
      nodes: 2,
      port: "7",
      quiet: true,
      retries: 5,
      verbose: false,
    },
  );
});

Deno.test("parseArgs keeps the last of a repeated option and gives a string without a value as empty", () => {
  const parsed = parseArgs(["--port", "1", "--port=2", "--name"], { string: ["port", "name"] });
  assertEquals({ ...parsed }, { _: [], port: "2", name: "" });
});

Deno.test("parseArgs guesses numbers and stops early alike through both doors", () => {
  assertEquals({ ...parseArgs(["1", "0x10", "--a", "2.5", "--b=x", "--c"]) }, { _: [1, 16], a: 2.5, b: "x", c: true });
  assertEquals({ ...parseArgs(["--a", "-b", "run", "--c"], { boolean: ["a", "b"], stopEarly: true }) }, {
    _: ["run", "--c"],
    a: true,
    b: true,
  });
});

Deno.test("parseArgs tells of unknown options with key and value, and leaves out what is refused", () => {
  const heard: unknown[] = [];
  const unknown = (...parts: unknown[]) => {
    heard.push(parts);
    return parts.length === 1;
  };
  const parsed = parseArgs(["word", "--port", "7", "--prot=8", "--no-colour"], { string: ["port"], unknown });
  assertEquals({ ...parsed }, { _: ["word"], port: "7" });
  assertEquals(heard, [["word"], ["--prot=8", "prot", "8"], ["--no-colour", "no-colour", true]]);
});

class Lines extends BaseHandler {
  readonly lines: string[] = [];
  override log(line: string): void {
    this.lines.push(line);
  }
}

Deno.test("a logger gives its handlers what is at or above both their levels", () => {
  const all = new Lines("NOTSET");
  const grave = new Lines("ERROR", {
    formatter: (record: LogRecord) => `${record.loggerName} ${record.levelName} ${record.msg} ${record.args.length}`,
  });
  const logger = new Logger("server", "INFO", { handlers: [all, grave] });
  logger.debug("one");
  logger.info("two");
  logger.warn("three");
  logger.error("four", { task: 1 });
  assertEquals(all.lines, ["INFO two", "WARN three", "ERROR four"]);
  assertEquals(grave.lines, ["server ERROR four 1"]);
  logger.levelName = "DEBUG";
  assertEquals(logger.level, LogLevels.DEBUG);
  logger.debug("five");
  assertEquals(all.lines.at(-1), "DEBUG five");
});

Deno.test("two loggers of one name have levels of their own", () => {
  const lines = new Lines("NOTSET");
  const quiet = new Logger("node", "ERROR", { handlers: [lines] });
  const chatty = new Logger("node", "DEBUG", { handlers: [lines] });
  quiet.info("quiet");
  chatty.info("chatty");
  assertEquals(lines.lines, ["INFO chatty"]);
});

Deno.test("delay resolves, and rejects with the reason of its signal", async () => {
  await delay(0);
  const controller = new AbortController();
  const pending = delay(60_000, { signal: controller.signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(() => pending, RangeError, "enough");
  await assertRejects(() => delay(0, { signal: AbortSignal.abort(new RangeError("early")) }), RangeError, "early");
});

const fails = (check: () => unknown) => assertThrows(check, AssertionError);

Deno.test("assertions on equality hold and fail alike through both doors", () => {
  assertEquals({ a: [1, new Uint8Array([2]), new Map([[1, NaN]])] }, {
    a: [1, new Uint8Array([2]), new Map([[1, NaN]])],
  });
  fails(() => assertEquals<unknown>({ a: 1 }, { a: "1" }));
  fails(() => assertEquals<unknown>({ a: undefined }, {}));
  fails(() => assertEquals<unknown>([1], new Uint8Array([1])));
  assertEquals(0, -0);
  assertNotEquals([1], [2]);
  fails(() => assertNotEquals([1], [1]));
  assertStrictEquals(1, 1);
  fails(() => assertStrictEquals([], []));
  assertArrayIncludes([1, { a: 2 }], [{ a: 2 }]);
  fails(() => assertArrayIncludes([1], [2]));
});

Deno.test("assertions on values hold and fail alike through both doors", () => {
  assert(1);
  fails(() => assert(""));
  assertExists(0);
  fails(() => assertExists(null));
  assertInstanceOf(new RangeError(), Error);
  fails(() => assertInstanceOf(new Error(), RangeError));
  assertAlmostEquals(0.1 + 0.2, 0.3);
  assertAlmostEquals(1, 1.4, 0.5);
  fails(() => assertAlmostEquals(1, 1.1));
  assertGreater(2, 1);
  fails(() => assertGreater(1, 1));
  assertGreaterOrEqual(1, 1);
  fails(() => assertGreaterOrEqual(0, 1));
  assertLess(1, 2);
  fails(() => assertLess(1, 1));
  assertLessOrEqual(1, 1);
  fails(() => assertLessOrEqual(2, 1));
  assertStringIncludes("gristmill", "mill");
  fails(() => assertStringIncludes("gristmill", "wind"));
  assertMatch("abc", /b/);
  fails(() => assertMatch("abc", /d/));
  fails(() => fail("always"));
  fails(() => unreachable());
});

Deno.test("assertions on errors hold and fail alike through both doors", async () => {
  const raise = () => {
    throw new RangeError("port 70000 is too high");
  };
  assertInstanceOf(assertThrows(raise), RangeError);
  assertEquals(assertThrows(raise, RangeError, "too high").name, "RangeError");
  fails(() => assertThrows(raise, TypeError));
  fails(() => assertThrows(raise, RangeError, "too low"));
  fails(() => assertThrows(() => 1));
  assertIsError(new RangeError("x"), RangeError, /x/);
  fails(() => assertIsError("x"));
  assertInstanceOf(await assertRejects(() => Promise.reject(new TypeError("no"))), TypeError);
  await assertRejects(() => assertRejects(() => Promise.resolve()), AssertionError);
  await assertRejects(() => assertRejects(() => Promise.reject(new TypeError("no")), RangeError), AssertionError);
  await assertRejects(() => assertRejects(raise), AssertionError, "throws when expected to reject");
});
