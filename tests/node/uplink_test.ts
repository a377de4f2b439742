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
  const uplink = createUplink();
  uplink.open(connection as unknown as Connection);
  return { connection: connection as Partial<Connection> as Connection & typeof connection, uplink, sent };
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

Deno.test("results are kept until they are acknowledged, and sent again behind what is held", () => {
  const { connection, uplink, sent } = stubConnection();
  uplink.results([result(0, 10), result(1, 10)]);
  uplink.forget([{ task: 0, attempt: 1 }, { task: 1, attempt: 2 }, { task: 9, attempt: 1 }]);
  uplink.close();
  uplink.results([result(2, 10)]);
  assertEquals(uplink.unacknowledged(), 2);
  sent.length = 0;
  uplink.resume(connection, [{ task: 3, attempt: 4 }]);
  assertEquals(sent, [
    { kind: "held", attempts: [{ task: 3, attempt: 4 }, { task: 1, attempt: 1 }, { task: 2, attempt: 1 }] },
    { kind: "results", results: [result(1, 10), result(2, 10)] },
  ]);
});

Deno.test("a result that proves too large when it is sent again stays a failure", () => {
  const { connection, uplink, sent } = stubConnection();
  uplink.close();
  uplink.results([result(1, 5000)]);
  for (let round = 0; round < 2; round++) uplink.resume(connection, []);
  const results = sent.flatMap((message) => message.kind === "results" ? message.results : []);
  assertEquals(results.map(({ status }) => status), ["failed", "failed"]);
  assertEquals(failureIn(results[1]).kind, "encode");
});

Deno.test("lines and messages wait for a connection, in order, and progress does not", () => {
  const { connection, uplink, sent } = stubConnection();
  uplink.close();
  uplink.say({ type: "log", level: "info", text: "first" });
  uplink.custom(new Uint8Array([1]));
  uplink.custom(new Uint8Array(5000));
  uplink.say({ type: "progress", task: 0, attempt: 1, fraction: 0.5 });
  uplink.say({ type: "log", level: "info", text: "second" });
  uplink.resume(connection, []);
  const said = sent.map((each) => each.kind === "control" && "text" in each.message ? each.message.text : each.kind);
  assertEquals(said, [
    "held",
    "first",
    "custom",
    "a message to the server's half of the job was dropped: a value is too large",
    "second",
  ]);
});

Deno.test("that it holds nothing is said once, and again after anything else and over another connection", () => {
  const { connection, uplink, sent } = stubConnection();
  const task = { task: 1, attempt: 1 };
  const said = (): unknown[] => sent.splice(0).map((message) => message.kind === "held" && message.attempts);
  for (const held of [[], [], [task], [task], [], []]) uplink.held(held);
  assertEquals(said(), [[], [task], [task], []]);
  uplink.close();
  uplink.resume(connection, []);
  uplink.held([]);
  assertEquals(said(), [[]]);
});
