// deno-lint-ignore-file no-console -- it is what is tested
import { assertEquals, assertStrictEquals } from "jsr:@std/assert@^1";
import { captureConsole } from "../../cli/console_capture.ts";
import { fakeTerminal } from "./fake_terminal.ts";

Deno.test("what a job writes with console goes past the status line", () => {
  const terminal = fakeTerminal({ isInteractive: true });
  const original = console.log;
  {
    using _capture = captureConsole(terminal);
    console.log("sum", 42, { a: 1 });
    console.error("oh %s", "no");
  }
  assertEquals([terminal.printed, terminal.notes], [["sum 42 { a: 1 }"], ["oh no"]]);
  assertStrictEquals(console.log, original);
});

Deno.test("without a status line console is left alone", () => {
  const original = console.log;
  using _capture = captureConsole(fakeTerminal());
  assertStrictEquals(console.log, original);
});
