import { assertEquals } from "jsr:@std/assert@^1";
import { createLogger } from "../../actors/log.ts";
import { visible, visibleJson } from "../../actors/visible.ts";

const attack = "\x1b[2J\x1b]0;owned\x07\r\x9b31m\x7f\u202etxt.exe\u2069\u2028\0";

Deno.test("what steers a terminal, hides or reorders text is shown", () => {
  assertEquals(
    visible(attack),
    "\\x1b[2J\\x1b]0;owned\\x07\\x0d\\x9b31m\\x7f\\u202etxt.exe\\u2069\\u2028\\x00",
  );
});

Deno.test("text that people write stays as it is", () => {
  for (const text of ["", "plain", "tab\there", "two\nlines", "Grüße, 世界, 😀, é", "family: 👨‍👩‍👧"]) {
    assertEquals(visible(text), text);
  }
});

Deno.test("json that is shown is json of the same value, without anything that steers", () => {
  const json = visibleJson(JSON.stringify({ [attack]: [attack, "Grüße"] }));
  // deno-lint-ignore no-control-regex -- these must not be there
  assertEquals(/[\x00-\x1f\x7f-\x9f\u202e\u2028]/.test(json), false);
  assertEquals(JSON.parse(json), { [attack]: [attack, "Grüße"] });
});

Deno.test("a node's name and a line of user code cannot forge or steer the log, as text or as json", () => {
  for (const json of [false, true]) {
    const lines: string[] = [];
    const log = createLogger({ json, write: (line) => void lines.push(line) });
    log.info(`${attack}\n2026-01-01T00:00:00.000Z ERROR the server was taken over`, { node: attack, task: 1 });
    assertEquals(lines.length, 1);
    // deno-lint-ignore no-control-regex -- these must not be there
    assertEquals(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]/.test(lines[0]), false);
    // Lines after the first are set in, so that none of them looks like a line of the log.
    for (const line of lines[0].split("\n").slice(1)) assertEquals(line.startsWith("    "), true);
  }
});
