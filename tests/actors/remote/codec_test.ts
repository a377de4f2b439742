import { assertEquals, assertInstanceOf, assertThrows } from "jsr:@std/assert@^1";
import { decodeControl, encodeControl } from "../../../actors/remote/codec.ts";
import { checkControl } from "../../../actors/remote/control.ts";
import { WireError } from "../../../actors/remote/errors.ts";
import type { ControlMessage } from "../../../actors/remote/protocol.ts";
import { forSeeds, fromHex, someBytes, whole } from "./support.ts";

const nonce = new Uint8Array(32).fill(1);
const proof = new Uint8Array(32).fill(2);

const messages: { readonly [T in ControlMessage["type"]]: Extract<ControlMessage, { type: T }> } = {
  hello: {
    type: "hello",
    protocol: 1,
    package: "0.1.0",
    job: "mandelbrot",
    codeHash: "0f".repeat(32),
    name: "host:1",
    slots: 8,
    labels: { gpu: "1", mem: "64g", constructor: "x" },
    resume: { run: "c3".repeat(16), node: "0123456789abcdef" },
    lifetimeMs: 3_600_000,
    nonce,
  },
  "operator-hello": { type: "operator-hello", protocol: 1, package: "0.1.0", name: "host:2", nonce },
  challenge: { type: "challenge", nonce },
  proof: { type: "proof", proof },
  welcome: {
    type: "welcome",
    protocol: 1,
    package: "0.1.0",
    node: "0123456789abcdef",
    run: "c3".repeat(16),
    resumed: true,
    heartbeatMs: 5000,
    options: new Uint8Array([1, 2, 3]),
  },
  "operator-welcome": {
    ...{ type: "operator-welcome", protocol: 1, package: "0.1.0", job: "mandelbrot", run: "c3".repeat(16) },
  },
  order: {
    ...{ type: "order", id: 7, action: "message", node: "host:1", reason: "maintenance" },
    payload: new Uint8Array([1]),
  },
  answer: { type: "answer", id: 7, ok: false, text: "no such node", hasData: false },
  refused: { type: "refused", code: "job-mismatch", message: "no", retry: false },
  heartbeat: { type: "heartbeat", busy: 3, queued: 0 },
  log: { type: "log", level: "warn", text: "hello\nwörld", task: 2 ** 40, attempt: 1 },
  progress: { type: "progress", task: 5, attempt: 2, fraction: 0.25 },
  leave: { type: "leave", reason: "SIGTERM", drainMs: 10_000 },
  cancel: { type: "cancel", attempts: [{ task: 1, attempt: 2 }, { task: Number.MAX_SAFE_INTEGER, attempt: 1 }] },
  recall: { type: "recall", attempts: [] },
  finished: { type: "finished", outcome: "complete", message: "" },
};

for (const message of Object.values(messages)) {
  Deno.test(`control message ${message.type} comes back as it was, from a copy of the bytes`, () => {
    const bytes = encodeControl(message);
    const decoded = decodeControl(bytes);
    bytes.fill(0);
    assertEquals(decoded, message);
  });
}

Deno.test("control message without its optional fields comes back without them", () => {
  const bare: ControlMessage[] = [
    { type: "heartbeat" },
    { type: "log", level: "info", text: "" },
    { type: "leave", reason: "" },
  ];
  for (const message of bare) assertEquals(decodeControl(encodeControl(message)), message);
  assertEquals(decodeControl(encodeControl({ type: "heartbeat", busy: undefined })), { type: "heartbeat" });
});

Deno.test("texts for people are cut to what a control message may hold", () => {
  const decoded = decodeControl(encodeControl({ type: "log", level: "info", text: "\u{1f600}".repeat(50_000) }));
  if (decoded.type !== "log") throw new Error(decoded.type);
  if (!decoded.text.endsWith("more characters)") || !decoded.text.isWellFormed()) throw new Error("not cut cleanly");
  for (
    const message of [
      { type: "leave", reason: "x".repeat(1e5) },
      { type: "finished", outcome: "failed", message: "x".repeat(1e5) },
    ] as const
  ) assertEquals(decodeControl(encodeControl(message)).type, message.type);
});

function assertInvalid(run: () => unknown): void {
  assertEquals(assertThrows(run, WireError).code, "control-invalid");
}

Deno.test("each field of a control message is checked: a missing one, and ones of every wrong type", () => {
  const optional = ["busy", "queued", "task", "attempt", "resume", "lifetimeMs", "drainMs"];
  const ofOrders = ["node", "reason", "payload"];
  for (const message of Object.values(messages)) {
    for (const key of Object.keys(message)) {
      const lacking = { ...message, [key]: undefined };
      const isOptional = message.type === "order"
        ? ofOrders.includes(key)
        : optional.includes(key) && message.type !== "progress";
      if (isOptional) checkControl(lacking);
      else assertInvalid(() => checkControl(lacking));
      for (
        const wrong of [null, NaN, -1, Infinity, {}, [1], [1, 2, 3], "", "x".repeat(70_000), new Uint8Array(31), []]
      ) {
        const plausible = (key === "labels" && wrong !== null && Object.getPrototypeOf(wrong) === Object.prototype) ||
          ((key === "options" || key === "payload") && wrong instanceof Uint8Array) ||
          (key === "attempts" && Array.isArray(wrong) && wrong.length === 0) ||
          (wrong === "" && message.type === "order" && key === "node") ||
          (wrong === "" && ["package", "job", "name", "message", "text", "reason"].includes(key));
        if (!plausible) assertInvalid(() => checkControl({ ...message, [key]: wrong }));
      }
    }
  }
});

Deno.test("control message names the field that is wrong", () => {
  const error = assertThrows(() => checkControl({ ...messages.hello, slots: 0 }), WireError);
  assertEquals(error.message, "hello.slots is not a whole number from 1 to 4096: the peer's message is damaged");
});

Deno.test("control message of an unknown or inherited type is refused", () => {
  for (const type of ["helo", "", "constructor", "__proto__", "toString", 5, null]) {
    assertInvalid(() => checkControl({ type }));
  }
  for (const value of [null, 5, "hello", [], new Uint8Array(3)]) assertInvalid(() => checkControl(value));
});

Deno.test("integers of 64 bits are read as numbers where these are exact", () => {
  assertEquals(checkControl({ type: "progress", task: 2n ** 40n, attempt: 1n, fraction: 1 }), {
    type: "progress",
    task: 2 ** 40,
    attempt: 1,
    fraction: 1,
  });
  assertInvalid(() => checkControl({ type: "progress", task: 2n ** 60n, attempt: 1, fraction: 1 }));
});

Deno.test("hostile keys neither pollute prototypes nor pass", () => {
  const labels = JSON.parse('{"__proto__": "polluted"}');
  assertInvalid(() => checkControl({ ...messages.hello, labels }));
  const message = checkControl(JSON.parse('{"type":"leave","reason":"x","__proto__":{"polluted":1},"more":2}'));
  assertEquals(Object.keys(message), ["type", "reason"]);
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("what a node wants to resume is checked field by field", () => {
  const hello = (resume: unknown) => checkControl({ ...messages.hello, resume });
  const { run, node } = messages.hello.resume!;
  for (const wrong of [{ run }, { node }, { run, node: "G".repeat(16) }, { run: run.slice(1), node }, [], run]) {
    assertInvalid(() => hello(wrong));
  }
  assertEquals(hello({ run, node, more: 1 }), messages.hello);
});

Deno.test("labels are bounded in number and length", () => {
  const hello = (labels: Record<string, string>) => checkControl({ ...messages.hello, labels });
  hello(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, "v"])));
  assertInvalid(() => hello(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, "v"]))));
  assertInvalid(() => hello({ ["k".repeat(65)]: "v" }));
  assertInvalid(() => hello({ k: "v".repeat(257) }));
});

Deno.test("control message that is cut at any place is refused", () => {
  for (const message of Object.values(messages)) {
    const bytes = encodeControl(message);
    for (let length = 0; length < bytes.length; length++) assertInvalid(() => decodeControl(bytes.slice(0, length)));
  }
});

Deno.test("control message of garbage is refused or read, and nothing else happens", async () => {
  const bytes = encodeControl(messages.hello);
  await forSeeds(300, (random) => {
    const damaged = whole(random, 0, 1) ? bytes.slice() : someBytes(random, whole(random, 0, 300));
    for (let i = whole(random, 1, 5); i > 0 && damaged.length > 0; i--) {
      damaged[whole(random, 0, damaged.length - 1)] = whole(random, 0, 255);
    }
    try {
      decodeControl(damaged);
    } catch (error) {
      assertInstanceOf(error, WireError);
    }
  });
  // So deeply nested that a reader that recurses runs out of stack.
  assertInvalid(() => decodeControl(new Uint8Array(200_000).fill(0x91)));
  // An array and a map that announce 2^32 - 1 entries.
  assertInvalid(() => decodeControl(new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff])));
  assertInvalid(() => decodeControl(new Uint8Array([0xdf, 0xff, 0xff, 0xff, 0xff])));
});

Deno.test("control message whose lengths lie or multiply is refused before anything is allocated", () => {
  const heads = [
    "dd 01ffffff", // an array of 32 million entries
    "dd 01ffffff".repeat(4), // each within the other
    "df 01ffffff",
    "81 a1 61 dd 00ffffff 01",
    "db ffffffff 61",
    "c6 7fffffff 00",
    "81 a1 61" + "91".repeat(50) + "01", // deeper than any message
    "d4 72 40 91 a1 61 01", // a record, as payloads have them
    "c7 01 05 00",
    "c0 c0", // two values
    "",
  ];
  for (const head of heads) {
    assertEquals(assertThrows(() => decodeControl(fromHex(head)), WireError).code, "control-invalid", head);
  }
  // As many nested lists as fit into a message, each of which announces all that is left.
  const nested = fromHex(
    Array.from({ length: 50_000 }, (_, i) => `dd${(5 * (50_000 - i)).toString(16).padStart(8, "0")}`).join(""),
  );
  assertThrows(() => decodeControl(nested), WireError);
});

Deno.test("a negative zero in a control message is a zero", () => {
  const recall = fromHex("82a474797065a6726563616c6ca8617474656d70747392cb800000000000000001");
  assertEquals(decodeControl(recall), { type: "recall", attempts: [{ task: 0, attempt: 1 }] });
});
