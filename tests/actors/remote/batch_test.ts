import { assertEquals, assertStrictEquals, assertThrows } from "jsr:@std/assert@^1";
import { decodeBatch, encodeBatch, resultLayout, taskLayout } from "../../../actors/remote/batch.ts";
import { WireError } from "../../../actors/remote/errors.ts";
import { createInbox } from "../../../actors/remote/inbox.ts";
import { resolveLimits } from "../../../actors/remote/limits.ts";
import { messageParts } from "../../../actors/remote/parts.ts";
import { frameType } from "../../../actors/remote/frame.ts";
import type { ResultEntry, TaskEntry } from "../../../actors/remote/protocol.ts";
import { forSeeds, result, someBytes, whole } from "./support.ts";

const tasks: TaskEntry[] = [
  { task: 0, attempt: 1, timeoutMs: 0, payload: new Uint8Array([1, 2, 3]) },
  { task: Number.MAX_SAFE_INTEGER, attempt: 2 ** 32 - 1, timeoutMs: 2 ** 32 - 1, payload: new Uint8Array(0) },
  { task: 2 ** 32, attempt: 7, timeoutMs: 60_000, payload: new Uint8Array(16).fill(9) },
];

const decodeTasks = (body: Uint8Array) => decodeBatch(taskLayout, body);
const decodeResults = (body: Uint8Array) => decodeBatch(resultLayout, body);

Deno.test("batch of tasks comes back as it was, its payloads aligned views", () => {
  const body = encodeBatch(taskLayout, tasks);
  const decoded = decodeBatch(taskLayout, body);
  assertEquals(decoded, tasks);
  for (const { payload } of decoded) {
    assertStrictEquals(payload.buffer, body.buffer);
    assertEquals(payload.byteOffset % 8, 0);
  }
});

Deno.test("batch of results comes back as it was", () => {
  const results: ResultEntry[] = [
    result(3, new Uint8Array(5).fill(1)),
    { ...result(4, new Uint8Array(0)), status: "failed", elapsedMs: 0 },
    { ...result(5, new Uint8Array(8)), elapsedMs: 123456.789 },
  ];
  assertEquals(decodeBatch(resultLayout, encodeBatch(resultLayout, results)), results);
});

Deno.test("batch refuses numbers that do not fit their fields", () => {
  const task = tasks[0];
  for (const wrong of [{ task: -1 }, { task: 1.5 }, { task: 2 ** 53 }, { attempt: 2 ** 32 }, { attempt: NaN }]) {
    assertThrows(() => encodeBatch(taskLayout, [{ ...task, ...wrong }]), RangeError);
  }
  assertThrows(() => encodeBatch(taskLayout, [{ ...task, timeoutMs: NaN }]), RangeError);
  assertThrows(() => encodeBatch(resultLayout, [{ ...result(1, task.payload), elapsedMs: -1 }]), RangeError);
});

Deno.test("time limit is rounded up, and one beyond 49 days is as long as the field allows", () => {
  const written = [0.2, 2 ** 40, Infinity].map((timeoutMs) => ({ ...tasks[0], timeoutMs }));
  const read = decodeBatch(taskLayout, encodeBatch(taskLayout, written)).map(({ timeoutMs }) => timeoutMs);
  assertEquals(read, [1, 2 ** 32 - 1, 2 ** 32 - 1]);
});

Deno.test("batch that is cut at any place is refused", () => {
  const body = encodeBatch(taskLayout, tasks);
  for (let length = 0; length < body.length; length++) {
    const error = assertThrows(() => decodeBatch(taskLayout, body.slice(0, length)), WireError);
    assertEquals(error.code, "batch-invalid");
  }
});

Deno.test("batch whose lengths lie is refused", () => {
  const lengths = [0, 1, 4, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  for (
    const [lengthAt, body, decode] of [
      [taskLayout.lengthAt, encodeBatch(taskLayout, tasks), decodeTasks],
      [resultLayout.lengthAt, encodeBatch(resultLayout, [result(1, new Uint8Array(100))]), decodeResults],
    ] as const
  ) {
    const view = new DataView(body.buffer);
    for (const at of [0, 8 + lengthAt]) {
      const honest = view.getUint32(at, true);
      for (const lie of lengths) {
        // Lengths that fill up to the same multiple of eight are no lie about the layout.
        if (at > 0 ? Math.ceil(lie / 8) === Math.ceil(honest / 8) : lie === honest) continue;
        view.setUint32(at, lie, true);
        const error = assertThrows(() => decode(body), WireError);
        assertEquals(error.code, "batch-invalid");
      }
      view.setUint32(at, honest, true);
    }
  }
});

Deno.test("batch of garbage is refused or read, and nothing else happens", async () => {
  await forSeeds(200, (random) => {
    const body = someBytes(random, whole(random, 0, 200));
    body[0] = whole(random, 0, 4);
    body.fill(0, 1, 8);
    try {
      decodeBatch(resultLayout, body);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  });
});

Deno.test("message with more entries than a frame holds goes in several frames, in order", () => {
  const limits = resolveLimits({ frameBytesMax: 4096 });
  const results = Array.from({ length: 100 }, (_, task) => result(task, new Uint8Array(task * 10).fill(task)));
  const parts = messageParts({ kind: "results", results }, limits.chunkBytesMax);
  const inbox = createInbox(limits, () => ({ bytesMax: limits.frameBytesMax, option: "frameBytesMax" }));
  const received: ResultEntry[] = [];
  for (const part of parts) {
    if (part.size === "large") throw new Error("no entry is above a chunk");
    if (part.body.length > limits.frameBytesMax) throw new Error(`a frame of ${part.body.length} bytes`);
    const message = inbox.accept({ type: frameType.results, compressed: false, body: part.body });
    if (message?.kind === "results") received.push(...message.results);
  }
  assertEquals(received, results);
  // 49.5 KB of payloads and 100 headers do not go in fewer frames of 4 KiB, nor in many more.
  if (parts.length < 13 || parts.length > 18) throw new Error(`${parts.length} frames`);
});

Deno.test("a payload above 256 KiB goes by itself, uncopied, though a frame could hold it", () => {
  const limits = resolveLimits();
  const sizes = [8, 256 * 1024, 256 * 1024 + 1, 8];
  const results = sizes.map((size, task) => result(task, new Uint8Array(size)));
  const parts = messageParts({ kind: "results", results }, limits.chunkBytesMax);
  assertEquals(parts.map(({ size }) => size), ["small", "large", "small"]);
  assertStrictEquals(parts[1].size === "large" && parts[1].payload, results[2].payload);
  for (const kind of ["custom", "initial"] as const) {
    const [part] = messageParts({ kind, payload: results[2].payload }, limits.chunkBytesMax);
    assertEquals(part.size, "large");
  }
});
