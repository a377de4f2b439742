import { assertEquals, assertMatch, assertThrows } from "jsr:@std/assert@^1";
import { UsageError } from "../../cli/errors.ts";
import { createLogger, formatFields, openLogFile } from "../../cli/logger.ts";

Deno.test("a log line has time, level, text and fields", () => {
  const lines: string[] = [];
  createLogger("info", (line) => lines.push(line)).info("node joined", { name: "lab 1", slots: 8, address: "[::1]:1" });
  assertEquals(lines.length, 1);
  assertMatch(lines[0], /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO node joined name="lab 1" slots=8 address="\[::1\]:1"$/);
});

Deno.test("lines below the level are left out", () => {
  const lines: string[] = [];
  const logger = createLogger("warn", (line) => lines.push(line.split(" ").slice(1).join(" ")));
  for (const level of ["debug", "info", "warn", "error"] as const) logger[level](level);
  assertEquals(lines, ["WARN warn", "ERROR error"]);
});

Deno.test("errors among the fields follow with their stacks", () => {
  const error = new Error("no luck");
  assertEquals(formatFields("it failed", { error, task: 3, nothing: undefined }), `it failed task=3\n${error.stack}`);
});

Deno.test("fields that JSON cannot hold are written all the same", () => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  assertEquals(formatFields("x", { loop, big: 12n }), "x loop=[object Object] big=12");
});

Deno.test("log lines are appended to a file", () => {
  const path = Deno.makeTempFileSync();
  try {
    openLogFile(path)("one");
    openLogFile(path)("two");
    assertEquals(Deno.readTextFileSync(path), "one\ntwo\n");
  } finally {
    Deno.removeSync(path);
  }
  assertThrows(() => openLogFile("/no/such/folder/x.log"), UsageError, "/no/such/folder/x.log");
});
