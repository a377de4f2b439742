import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { parseDuration } from "../../cli/duration.ts";
import { UsageError } from "../../cli/errors.ts";
import { parseLifetime } from "../../cli/node.ts";

Deno.test("a length of time is read as people and Slurm write it", () => {
  const cases: [string, number][] = [
    ["90", 90],
    ["0.5", 0.5],
    ["2h30m", 9_000],
    ["1d", 86_400],
    ["10M5s", 605],
    ["1-12", 129_600],
    ["1-12:30", 131_400],
    ["2-00:00:01", 172_801],
    ["04:30:00", 16_200],
    ["59:59", 3_599],
  ];
  for (const [text, seconds] of cases) assertEquals(parseDuration("lifetime", text), seconds * 1_000, text);
});

Deno.test("what is no length of time is refused with its option", () => {
  for (const text of ["", "soon", "-5", "1h30", "1:2:3:4", "1-", "h", "Infinity"]) {
    assertThrows(() => parseDuration("lifetime", text), UsageError, `Cannot use --lifetime "${text}"`);
  }
});

Deno.test("a node's lifetime is longer than its grace, and may be without end", () => {
  const parse = (flags: Record<string, string>) => parseLifetime(new Map(Object.entries(flags)));
  assertEquals(parse({}), { drainGraceMs: 10_000 });
  assertEquals(parse({ lifetime: "UNLIMITED", "drain-grace": "1m" }), { drainGraceMs: 60_000 });
  assertEquals(parse({ lifetime: "1h" }), { lifetimeMs: 3_600_000, drainGraceMs: 10_000 });
  assertThrows(
    () => parse({ lifetime: "10" }),
    UsageError,
    '--lifetime "10": it must be longer, for the node leaves 10 s',
  );
  assertThrows(() => parse({ "drain-grace": "25d" }), UsageError, '--drain-grace "25d": it may be 24 days at most');
});
