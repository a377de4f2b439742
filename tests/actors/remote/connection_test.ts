import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { createRandom } from "../../../actors/clock.ts";
import { openConnection } from "../../../actors/remote/connection.ts";
import { TransportError, WireError } from "../../../actors/remote/errors.ts";
import { frameType, makeFrame } from "../../../actors/remote/frame.ts";
import type { Hello, WireMessage } from "../../../actors/remote/protocol.ts";
import type { Link } from "../../../actors/remote/transport.ts";
import { ManualClock } from "../../../actors/testing/manual_clock.ts";
import {
  control,
  endPair,
  forSeeds,
  heartbeat,
  linkPair,
  openEnd,
  rawTo,
  result,
  someMessage,
  whole,
} from "./support.ts";

const mebibyte = 1024 * 1024;
const hello: Hello = {
  type: "hello",
  protocol: 1,
  package: "0.1.0",
  job: "job",
  codeHash: "00".repeat(32),
  name: "node",
  slots: 1,
  labels: {},
  nonce: new Uint8Array(32),
};
const welcome = control({
  type: "welcome",
  protocol: 1,
  package: "0.1.0",
  node: "0".repeat(16),
  run: "0".repeat(32),
  resumed: false,
  heartbeatMs: 1000,
  options: new Uint8Array(6000),
});

/** Lets continuations of promises run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

Deno.test("any messages cross a link that gives one byte at a time", async () => {
  await forSeeds(5, async (random) => {
    const slow = (link: Link): Link => ({ ...link, read: (buffer) => link.read(buffer.subarray(0, 1)) });
    const { left, right } = await endPair({}, slow);
    const sent = Array.from({ length: whole(random, 1, 12) }, () => someMessage(random, 3000));
    for (const message of sent) right.send(message);
    await left.count(sent.length);
    assertEquals(left.messages, sent);
  });
});

Deno.test("what is sent in one turn leaves in one write", async () => {
  let writes = 0;
  const { left, right } = await endPair({}, (link) => ({
    ...link,
    write: (data) => {
      writes += 1;
      return link.write(data);
    },
  }));
  for (let i = 0; i < 100; i++) left.send({ kind: "results", results: [result(i, new Uint8Array(50))] });
  await right.count(100);
  assertEquals(writes, 1);
  left.send(heartbeat(1));
  await settle();
  left.send(heartbeat(2));
  await right.count(102);
  assertEquals(writes, 3);
});

Deno.test("heartbeats arrive while a value of 64 MiB is under way", async () => {
  const { left, right } = await endPair({
    onMessage: (message) => {
      // Each heartbeat that arrives calls for the next one, so that they are all sent after the value.
      if (message.kind === "control" && right.messages.length < 50) left.send(heartbeat(right.messages.length));
    },
  });
  left.send({ kind: "results", results: [result(7, new Uint8Array(64 * mebibyte).fill(5))] });
  left.send(heartbeat(0));
  await right.count(51);
  const kinds = right.messages.map(({ kind }) => kind);
  assertEquals(kinds.slice(0, 50), Array(50).fill("control"));
  const last = right.messages[50];
  if (last.kind !== "results") throw new Error(last.kind);
  const { task, payload } = last.results[0];
  assertEquals([task, payload.length, payload.every((byte) => byte === 5)], [7, 64 * mebibyte, true]);
});

Deno.test("a promise from onMessage holds back reading, and the writer feels it", async () => {
  const gate = Promise.withResolvers<void>();
  const { dialed, accepted } = await linkPair();
  const right = openEnd(accepted, { onMessage: () => gate.promise });
  const left = openEnd(dialed);
  for (let i = 0; i < 300; i++) left.send({ kind: "custom", payload: new Uint8Array(10_000) });
  await settle();
  assertEquals(right.messages.length, 1);
  // The pipe holds 64 KiB and the reader 256 KiB at most; the rest waits with the writer.
  const queued = left.bytesQueued;
  if (queued < 2_500_000) throw new Error(`${queued} bytes are queued`);
  let drained = false;
  left.drained().then(() => drained = true);
  await settle();
  assertEquals(drained, false);
  gate.resolve();
  await right.count(300);
  await left.drained();
  await settle();
  assertEquals(left.bytesQueued, 0);
});

Deno.test("views that were handed out stay as they were while more is received", async () => {
  const random = createRandom(3);
  const sent: WireMessage[] = [];
  const { left, right } = await endPair();
  for (let round = 0; round < 30; round++) {
    for (let i = whole(random, 1, 10); i > 0; i--) {
      const message: WireMessage = {
        kind: "custom",
        payload: new Uint8Array(whole(random, 0, 9000)).fill(sent.length),
      };
      sent.push(message);
      left.send(message);
    }
    await right.count(sent.length);
  }
  assertEquals(right.messages, sent);
});

Deno.test("compressed messages arrive as they were and take fewer bytes, and a local link is spared", async () => {
  const written = async (compress: boolean | undefined, local: boolean) => {
    let bytes = 0;
    const { left, right } = await endPair({ compress }, (link) => ({
      ...link,
      local,
      write: async (data) => {
        const count = await link.write(data);
        bytes += count;
        return count;
      },
    }));
    const sent: WireMessage[] = [
      { kind: "custom", payload: new Uint8Array(100_000).fill(1) },
      { kind: "results", results: [result(1, new Uint8Array(3 * mebibyte + 5).fill(2))] },
    ];
    for (const message of sent) left.send(message);
    await right.count(2);
    assertEquals(right.messages, sent);
    return bytes;
  };
  if (await written(undefined, false) > 10_000) throw new Error("not compressed by default");
  if (await written(undefined, true) < 3 * mebibyte) throw new Error("compressed on a local link");
  if (await written(true, true) > 10_000) throw new Error("not compressed though asked for");
});

Deno.test("the welcome lifts the limits at both ends, and may itself be longer than 4 KiB", async () => {
  const { dialed, accepted } = await linkPair();
  const node = openEnd(dialed, { greeted: false });
  const server = openEnd(accepted, { greeted: false });
  assertThrows(() => server.send({ kind: "custom", payload: new Uint8Array(1) }), WireError, "before the handshake");
  node.send(control(hello));
  await server.count(1);
  server.send(welcome);
  server.send({ kind: "initial", payload: new Uint8Array(2 * mebibyte) });
  await node.count(2);
  node.send({ kind: "results", results: [result(1, new Uint8Array(5000))] });
  await server.count(2);
  assertEquals(server.messages.map(({ kind }) => kind), ["control", "results"]);
});

Deno.test("an introduction above the limit fails at the node, naming the option", () => {
  const labels = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`label${i}`, "x".repeat(100)]));
  const link: Link = {
    remoteAddress: "nowhere",
    read: () => new Promise(() => {}),
    write: (data) => Promise.resolve(data.length),
    close: () => {},
  };
  const node = openEnd(link, { greeted: false });
  const error = assertThrows(() => node.send(control({ ...hello, labels })), WireError);
  assertEquals(error.crossed?.option, "preAuthFrameBytesMax");
});

Deno.test("close delivers what was queued, and both ends see a clean end", async () => {
  const { left, right } = await endPair();
  for (let i = 0; i < 20; i++) left.send({ kind: "custom", payload: new Uint8Array(200_000).fill(i) });
  const why = new Error("enough");
  left.close(why);
  left.send(heartbeat(1));
  await right.count(20);
  assertEquals(await right.closed, { reason: "peer" });
  assertEquals(await left.closed, { reason: "local", error: why });
  assertEquals(right.messages.length, 20);
  assertEquals(left.bytesQueued, 0);
});

Deno.test("close lets the peer write on until it has read the end, so that nothing it reads is lost", async () => {
  const { left, right } = await endPair();
  for (let i = 0; i < 50; i++) right.send({ kind: "custom", payload: new Uint8Array(20_000) });
  left.send(control({ type: "finished", outcome: "complete", message: "" }));
  left.close();
  await right.count(1);
  assertEquals((await right.closed).reason, "peer");
  assertEquals((await left.closed).reason, "local");
});

Deno.test("close waits for a peer that does not read no longer than its time", async () => {
  const clock = new ManualClock();
  const { dialed, accepted } = await linkPair();
  const left = openEnd(dialed, { clock, closeTimeoutMs: 500 });
  left.send({ kind: "custom", payload: new Uint8Array(mebibyte) });
  left.close();
  await settle();
  assertEquals(clock.next, 500);
  clock.moveTo(500);
  clock.fire();
  assertEquals(await left.closed, { reason: "local" });
  accepted.close();
});

Deno.test("abort ends at once, and whoever waits is woken", async () => {
  const { dialed } = await linkPair();
  const left = openEnd(dialed);
  left.send({ kind: "custom", payload: new Uint8Array(5 * mebibyte) });
  const drained = left.drained();
  left.abort(new Error("gone"));
  await drained;
  const { reason, error } = await left.closed;
  assertEquals([reason, error?.message, left.bytesQueued], ["local", "gone", 0]);
});

Deno.test("a link that breaks ends the connection by a transport error", async () => {
  const broken: Link = {
    remoteAddress: "10.0.0.1:9",
    read: () => Promise.reject(new Error("reset by peer")),
    write: () => new Promise(() => {}),
    close: () => {},
  };
  const { reason, error } = await openEnd(broken).closed;
  assertInstanceOf(error, TransportError);
  assertEquals([reason, error.code], ["error", "connection-lost"]);
  assertEquals(error.message, "lost the connection with 10.0.0.1:9: reset by peer");

  const { dialed, accepted } = await linkPair();
  const left = openEnd({ ...dialed, read: () => new Promise(() => {}) });
  accepted.close();
  left.send(heartbeat(1));
  assertEquals((await left.closed).reason, "error");
});

Deno.test("an error of onMessage ends the connection with it", async () => {
  for (
    const onMessage of [() => Promise.reject(new Error("mine")), () => {
      throw new Error("mine");
    }]
  ) {
    const { dialed, accepted } = await linkPair();
    const right = openConnection(accepted, { clock: new ManualClock(), greeted: true, onMessage });
    openEnd(dialed).send(heartbeat(1));
    const { reason, error } = await right.closed;
    assertEquals([reason, error?.message], ["error", "mine"]);
  }
});

Deno.test("any received byte counts as life", async () => {
  const clock = new ManualClock();
  let received = 0;
  const { end, write } = await rawTo({ clock, onReceive: () => received += 1 });
  assertEquals(end.lastReceivedMs, 0);
  clock.moveTo(1234);
  await write(makeFrame(frameType.custom, new Uint8Array(50)).subarray(0, 3));
  await settle();
  assertEquals([end.lastReceivedMs, received, end.messages.length], [1234, 1, 0]);
});

Deno.test("limits are checked up front", async () => {
  const { dialed } = await linkPair();
  const open = (limits: Parameters<typeof openEnd>[1]) => () => openEnd(dialed, limits);
  assertThrows(open({ limits: { frameBytesMax: 100 } }), RangeError, "frameBytesMax is 100");
  assertThrows(open({ limits: { chunkBytesMax: 5 * mebibyte } }), RangeError, "chunkBytesMax is 5242880");
  assertThrows(open({ limits: { chunkBytesMax: 1028 } }), RangeError, "multiple of 8");
  assertThrows(open({ limits: { valueBytesMax: NaN } }), RangeError, "valueBytesMax");
  await assertRejects(() => Promise.resolve().then(open({ limits: { controlBytesMax: 5e6 } })), RangeError);
});
