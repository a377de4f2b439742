import { assertEquals } from "jsr:@std/assert@^1";
import { createTerminal } from "../../cli/terminal.ts";

function recorder(isInteractive: boolean) {
  const written: string[] = [];
  const terminal = createTerminal({
    isInteractive,
    columns: () => 80,
    writeOut: (text) => void written.push(`out:${text}`),
    writeError: (text) => void written.push(text),
  });
  return { terminal, written };
}

Deno.test("lines never mix with the status line", () => {
  const { terminal, written } = recorder(true);
  terminal.status("half");
  terminal.note("log");
  terminal.print("result");
  terminal.status(undefined);
  terminal.note("end");
  const clear = "\r\x1b[K";
  assertEquals(written, [
    `${clear}half`,
    ...[clear, "log\n", "half"],
    ...[clear, "out:result\n", "half"],
    clear,
    "end\n",
  ]);
});

Deno.test("without a terminal there is no status line and no control sequence", () => {
  const { terminal, written } = recorder(false);
  terminal.status("half");
  terminal.note("log");
  terminal.status(undefined);
  assertEquals(written, ["log\n"]);
});
