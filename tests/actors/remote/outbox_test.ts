import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { createCompressor } from "../../../actors/remote/compress.ts";
import { WireError } from "../../../actors/remote/errors.ts";
import { createInbox } from "../../../actors/remote/inbox.ts";
import { resolveLimits, type WireLimits } from "../../../actors/remote/limits.ts";
import { createOutbox, type Outbox } from "../../../actors/remote/outbox.ts";
import type { WireMessage } from "../../../actors/remote/protocol.ts";
import { createFrameReader } from "../../../actors/remote/reader.ts";
import { control, forSeeds, framesOf, heartbeat, messagesOf, result, someMessage, whole } from "./support.ts";

const chunk = 1024;
const small = resolveLimits({ frameBytesMax: 8192, chunkBytesMax: chunk, controlBytesMax: 8192 });

function makeOutbox(limits: WireLimits = small): Outbox {
  return createOutbox({ limits, bodyLimit: () => ({ bytesMax: limits.frameBytesMax, option: "frameBytesMax" }) });
}

/** Reads messages from what an outbox gives. */
function receiver(limits: WireLimits = small) {
  const limit = () => ({ bytesMax: limits.frameBytesMax, option: "frameBytesMax" as const });
  const inbox = createInbox(limits, limit);
  const reader = createFrameReader(inbox.place);
  return (pieces: readonly Uint8Array[]): WireMessage[] =>
    pieces.flatMap((piece) => messagesOf(inbox, framesOf(reader, piece, limit)));
}

/** What arrives in each turn, each message by a short name. */
function turns(outbox: Outbox): string[][] {
  const receive = receiver();
  const all: string[][] = [];
  for (let pieces = outbox.take(); pieces.length > 0; pieces = outbox.take()) all.push(receive(pieces).map(nameOf));
  return all;
}

function nameOf(message: WireMessage): string {
  if (message.kind === "results") return message.results.map(({ task }) => `r${task}`).join("+");
  if (message.kind === "tasks") return message.tasks.map(({ task }) => `t${task}`).join("+");
  return message.kind === "control" ? message.message.type : message.kind;
}

const smallResult = (task: number): WireMessage => ({ kind: "results", results: [result(task, new Uint8Array(10))] });
const largeResult = (task: number, chunks: number): WireMessage => ({
  kind: "results",
  results: [result(task, new Uint8Array(chunks * chunk))],
});
const finished = control({ type: "finished", outcome: "complete", message: "" });
const leave = control({ type: "leave", reason: "done" });
const cancel = control({ type: "cancel", attempts: [{ task: 1, attempt: 1 }] });

Deno.test("small messages that were queued together go together, in their order, after urgent ones", () => {
  const outbox = makeOutbox();
  for (const message of [smallResult(1), cancel, heartbeat(1), smallResult(2), leave, heartbeat(2)]) {
    outbox.push(message);
  }
  assertEquals(turns(outbox), [["heartbeat", "heartbeat", "r1", "cancel", "r2", "leave"]]);
});

Deno.test("heartbeats and small results go between the chunks of a large one", () => {
  const outbox = makeOutbox();
  const receive = receiver();
  outbox.push(largeResult(1, 3));
  const first = receive(outbox.take()).map(nameOf);
  outbox.push(smallResult(2));
  outbox.push(heartbeat(1));
  const second = receive(outbox.take()).map(nameOf);
  outbox.push(cancel);
  const third = receive(outbox.take()).map(nameOf);
  assertEquals([first, second, third], [[], ["heartbeat", "r2"], ["cancel", "r1"]]);
});

Deno.test("finished and leave do not overtake results that were sent before them, however large", () => {
  for (const last of [finished, leave]) {
    const outbox = makeOutbox();
    for (const message of [largeResult(1, 4), smallResult(2), last, smallResult(3), heartbeat(1)]) outbox.push(message);
    assertEquals(turns(outbox).flat(), ["heartbeat", "r2", "r1", nameOf(last), "r3"]);
  }
});

Deno.test("tasks do not overtake large initial data, nor custom messages one another", () => {
  const outbox = makeOutbox();
  outbox.push({ kind: "initial", payload: new Uint8Array(5 * chunk) });
  outbox.push({ kind: "custom", payload: new Uint8Array(3 * chunk) });
  outbox.push({ kind: "custom", payload: new Uint8Array(1) });
  outbox.push({ kind: "tasks", tasks: [{ task: 1, attempt: 1, timeoutMs: 0, payload: new Uint8Array(1) }] });
  assertEquals(turns(outbox).flat(), ["initial", "custom", "custom", "t1"]);
});

Deno.test("large value waits for small frames that were queued before it, and for large ones", () => {
  const outbox = makeOutbox();
  for (const message of [leave, largeResult(1, 2), largeResult(2, 2), finished, largeResult(3, 2)]) {
    outbox.push(message);
  }
  assertEquals(turns(outbox).flat(), ["leave", "r1", "r2", "finished", "r3"]);
});

Deno.test("a list of cancelled attempts that is too long for one message goes in several", () => {
  const limits = resolveLimits();
  const attempts = Array.from({ length: 20_000 }, (_, task) => ({ task: task + 2 ** 40, attempt: 1 }));
  const outbox = makeOutbox(limits);
  outbox.push(control({ type: "cancel", attempts }));
  const received = receiver(limits)(outbox.take()).flatMap((message) =>
    message.kind === "control" && message.message.type === "cancel" ? message.message.attempts : []
  );
  assertEquals(received, attempts);
});

Deno.test("outbox counts what waits, and nothing is left when all was taken", () => {
  const outbox = makeOutbox();
  outbox.push(largeResult(1, 3));
  assertEquals(outbox.bytes(), 3 * chunk);
  outbox.push(smallResult(2));
  assertEquals(outbox.bytes(), 3 * chunk + 8 + 8 + 32 + 16);
  turns(outbox);
  assertEquals(outbox.bytes(), 0);
});

Deno.test("outbox refuses what the peer would refuse, naming the option, and is fit for more", () => {
  const limits = resolveLimits({
    frameBytesMax: 8192,
    chunkBytesMax: chunk,
    controlBytesMax: 2000,
    valueBytesMax: 4000,
  });
  const outbox = createOutbox({ limits, bodyLimit: () => ({ bytesMax: 2000, option: "controlBytesMax" }) });
  const long = assertThrows(() => outbox.push(control({ type: "leave", reason: "x".repeat(3000) })), WireError);
  assertEquals([long.code, long.crossed?.option], ["frame-too-large", "controlBytesMax"]);
  const large = assertThrows(() => outbox.push(largeResult(1, 4)), WireError);
  assertEquals([large.code, large.crossed], [
    "value-too-large",
    { value: 4096, limit: 4000, option: "valueBytesMax" },
  ]);
  const mixed = [result(1, new Uint8Array(1)), result(2, new Uint8Array(4096))];
  assertThrows(() => outbox.push({ kind: "results", results: mixed }), WireError);
  outbox.push(leave);
  assertEquals(turns(outbox), [["leave"]]);
});

Deno.test("any messages come through as they were, compressed or not, whatever their sizes", async () => {
  await forSeeds(60, (random, seed) => {
    const limits = resolveLimits({ frameBytesMax: 16_384, chunkBytesMax: 2048, controlBytesMax: 16_384 });
    const outbox = createOutbox({
      limits,
      bodyLimit: () => ({ bytesMax: limits.frameBytesMax, option: "frameBytesMax" }),
      compressor: seed % 2 ? createCompressor() : undefined,
    });
    const receive = receiver(limits);
    const received: WireMessage[] = [];
    const sent: WireMessage[] = [];
    for (let i = whole(random, 1, 20); i > 0; i--) {
      const message = someMessage(random, 10_000);
      sent.push(message);
      outbox.push(message);
      if (whole(random, 0, 2) === 0) received.push(...receive(outbox.take()));
    }
    for (let pieces = outbox.take(); pieces.length > 0; pieces = outbox.take()) received.push(...receive(pieces));
    for (const kind of ["tasks", "results", "initial", "custom", "control"] as const) {
      assertEquals(contents(received, kind), contents(sent, kind));
    }
  });
});

/** All that was sent of a kind; of tasks and results, whose order large ones may change, in the order of tasks. */
function contents(messages: readonly WireMessage[], kind: WireMessage["kind"]): unknown[] {
  const chosen = messages.filter((message) => message.kind === kind);
  const key = (entry: { task: number; payload: Uint8Array }) => `${entry.task} ${entry.payload.toHex()}`;
  const sorted = <T extends { task: number; payload: Uint8Array }>(entries: T[]) =>
    entries.sort((a, b) => key(a) < key(b) ? -1 : 1);
  if (kind === "tasks") return sorted(chosen.flatMap((message) => message.kind === kind ? message.tasks : []));
  if (kind === "results") return sorted(chosen.flatMap((message) => message.kind === kind ? message.results : []));
  return chosen;
}
