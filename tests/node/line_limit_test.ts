import { assert, assertEquals } from "jsr:@std/assert@^1";
import { createLineLimit, cutLine, lineBytesMax, linesPerSecondMax } from "../../node/line_limit.ts";

Deno.test("a worker may write so many lines a second, and the rest is counted once", () => {
  const limit = createLineLimit();
  const admit = (count: number, nowMs: number): number =>
    Array.from({ length: count }, () => limit.admit(nowMs)).filter(Boolean).length;
  assertEquals(admit(linesPerSecondMax + 5, 0), linesPerSecondMax);
  assertEquals(admit(1, 999), 0);
  assertEquals(limit.takeSuppressed(), 6);
  assertEquals(limit.takeSuppressed(), 0);
  assertEquals(admit(linesPerSecondMax + 1, 1000), linesPerSecondMax);
});

Deno.test("a long line is cut by its bytes, between characters", () => {
  const bytes = (text: string): number => new TextEncoder().encode(text).length;
  assertEquals(cutLine("x".repeat(lineBytesMax)).length, lineBytesMax);
  assertEquals(cutLine("x".repeat(lineBytesMax + 7)), `${"x".repeat(lineBytesMax)}... (7 more characters)`);
  const wide = cutLine("\u{1f33e}".repeat(lineBytesMax));
  assert(wide.isWellFormed());
  assert(bytes(wide) < lineBytesMax + 50);
});
