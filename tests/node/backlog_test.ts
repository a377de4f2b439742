import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import type { WireMessage } from "../../actors/remote/protocol.ts";
import { backlogBytesMax, backlogMax, createBacklog } from "../../node/backlog.ts";

const textOf = (message: WireMessage): string =>
  message.kind === "control" && message.message.type === "log" ? message.message.text : message.kind;

Deno.test("a backlog keeps the latest lines, and says once how many it dropped", () => {
  const backlog = createBacklog();
  for (let line = 0; line < backlogMax + 3; line++) backlog.line({ type: "log", level: "info", text: `${line}` });
  const texts = backlog.take().map(textOf);
  assertEquals(texts.length, backlogMax + 1);
  assertStringIncludes(texts[0], "dropped 3 lines and 0 messages");
  assertEquals([texts[1], texts.at(-1)], ["3", `${backlogMax + 2}`]);
  assertEquals(backlog.take(), []);
});

Deno.test("a backlog bounds the bytes of messages, and drops none for a line", () => {
  const backlog = createBacklog();
  const half = new Uint8Array(backlogBytesMax / 2);
  backlog.line({ type: "log", level: "info", text: "x".repeat(1000) });
  for (let message = 0; message < 3; message++) backlog.custom(half);
  const taken = backlog.take().map(textOf);
  assertEquals(taken.slice(1), ["custom", "custom"]);
  assertStringIncludes(taken[0], "dropped 1 lines and 1 messages");
  backlog.custom(new Uint8Array(backlogBytesMax + 1));
  backlog.clear();
  assertEquals(backlog.take(), []);
});
