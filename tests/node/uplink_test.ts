import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import type { Connection } from "../../actors/remote/connection.ts";
import type { ResultEntry, WireMessage } from "../../actors/remote/protocol.ts";
import { createUplink } from "../../node/uplink.ts";
import { failureIn } from "./fake_server.ts";

/** A connection that keeps what is sent, and refuses payloads of more than 1000 bytes. */
function stubConnection() {
  const sent: WireMessage[] = [];
  const connection = {
    bytesQueued: 0,
    send: (message: WireMessage) => {
      const payloads = message.kind === "results" ? message.results.map(({ payload }) => payload) : [];
      if (message.kind === "custom") payloads.push(message.payload);
      if (payloads.some(({ length }) => length > 1000)) throw new RangeError("a value is too large");
      sent.push(message);
    },
  };
  return { connection, uplink: createUplink(connection as unknown as Connection), sent };
}

const result = (task: number, size: number): ResultEntry => ({
  task,
  attempt: 1,
  status: "ok",
  elapsedMs: 1,
  payload: new Uint8Array(size),
});

Deno.test("a result that is too large for the connection fails its own task only", () => {
  const { uplink, sent } = stubConnection();
  uplink.results([result(0, 10), result(1, 5000), result(2, 10)]);
  const results = sent.flatMap((message) => message.kind === "results" ? message.results : []);
  assertEquals(results.map(({ task, status }) => [task, status]), [[0, "ok"], [1, "failed"], [2, "ok"]]);
  const { kind, message } = failureIn(results[1]);
  assertEquals([kind, message], ["encode", "a value is too large"]);
});

Deno.test("a message that is too large for the connection is dropped with a word", () => {
  const { uplink, sent } = stubConnection();
  uplink.custom(new Uint8Array(5000));
  const [{ message }] = sent as [Extract<WireMessage, { kind: "control" }>];
  assertStringIncludes((message as { text: string }).text, "was dropped: a value is too large");
});

Deno.test("lines are dropped, counted and told while the connection is slow", () => {
  const { connection, uplink, sent } = stubConnection();
  const line = (text: string): void => uplink.say({ type: "log", level: "info", text });
  const texts = (): unknown[] =>
    sent.map((each) => each.kind === "control" && "text" in each.message && each.message.text);
  line("first");
  connection.bytesQueued = 100 * 1024 ** 2;
  line("second");
  line("third");
  uplink.say({ type: "progress", task: 0, attempt: 1, fraction: 0.5 });
  connection.bytesQueued = 0;
  line("fourth");
  assertEquals(texts(), ["first", "dropped 2 lines: the connection was too slow for them", "fourth"]);
});
