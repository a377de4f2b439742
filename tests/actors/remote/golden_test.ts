/** Bytes that must never change while the protocol's version stays the same; docs/protocol.md explains them. */
import { assertEquals } from "jsr:@std/assert@^1";
import { decodeFailure, encodeFailure } from "../../../actors/remote/failure.ts";
import { nodeHandshake, operatorHandshake, serverHandshake } from "../../../actors/remote/handshake.ts";
import { createInbox } from "../../../actors/remote/inbox.ts";
import { resolveLimits } from "../../../actors/remote/limits.ts";
import { createOutbox } from "../../../actors/remote/outbox.ts";
import { decodePayload, encodePayload } from "../../../actors/remote/payload.ts";
import { type Hello, protocolVersion, type WireMessage } from "../../../actors/remote/protocol.ts";
import { createFrameReader } from "../../../actors/remote/reader.ts";
import { nodeToken } from "../../../actors/remote/token.ts";
import { difference } from "./payload_values.ts";
import { control, framesOf, fromHex, messagesOf, result, toHex } from "./support.ts";

const limits = resolveLimits({ frameBytesMax: 4096, chunkBytesMax: 1024 });
const bodyLimit = () => ({ bytesMax: 4096, option: "frameBytesMax" as const });

function encodeMessage(message: WireMessage): string {
  const outbox = createOutbox({ limits, bodyLimit });
  outbox.push(message);
  let hex = "";
  for (let pieces = outbox.take(); pieces.length > 0; pieces = outbox.take()) hex += pieces.map(toHex).join("");
  return hex;
}

function decodeMessage(hex: string): WireMessage[] {
  const inbox = createInbox(limits, bodyLimit);
  const reader = createFrameReader(inbox.place);
  const messages = messagesOf(inbox, framesOf(reader, fromHex(hex), bodyLimit));
  reader.finish();
  inbox.finish();
  return messages;
}

/** Hexadecimal digits without the spaces that are there for people. */
const digits = (hex: string) => hex.replace(/\s/g, "");
const bytes = (...values: number[]) => new Uint8Array(values);
const nodeNonce = new Uint8Array(32).fill(0x11);
const serverNonce = new Uint8Array(32).fill(0x22);
const operatorProof = "27278fef735eaa6621a10a09c1e88827d3b560b262bd8168b9de35d35836c534";
const operatorServerProof = "86a72ebb082c1b084f433a73c1ae53299e501efc69a4e38a880c2c38804ba262";
const serverProof = "b0bc4b2aa1094e86688c083ec2bb4a53ce3a466b62eb8bf398c49376f8994c03";
const nodeProof = "7fb24f3cda409689a7776b4cdd89f24ab3f8a832fb622246fb91788176e342e7";

const frames: Record<string, [WireMessage, string]> = {
  tasks: [
    {
      kind: "tasks",
      tasks: [
        { task: 5, attempt: 1, timeoutMs: 60_000, payload: bytes(1, 2, 3) },
        { task: Number.MAX_SAFE_INTEGER, attempt: 2, timeoutMs: 0, payload: bytes() },
      ],
    },
    `40000000 02 00 0000  02000000 00000000
     0500000000000000 01000000 60ea0000 03000000 00000000  0102030000000000
     ffffffffffff1f00 02000000 00000000 00000000 00000000`,
  ],
  results: [
    {
      kind: "results",
      results: [
        { task: 5, attempt: 1, status: "ok", elapsedMs: 12.5, payload: bytes(1, 2, 3, 4, 5, 6, 7, 8, 9) },
        { task: 6, attempt: 3, status: "failed", elapsedMs: 0, payload: bytes(255) },
      ],
    },
    `60000000 03 00 0000  02000000 00000000
     0500000000000000 0000000000002940 01000000 00000000 09000000 00000000  0102030405060708 0900000000000000
     0600000000000000 0000000000000000 03000000 01000000 01000000 00000000  ff00000000000000`,
  ],
  "no initial data": [{ kind: "initial", payload: undefined }, "08000000 04 00 0000  00 00000000000000"],
  "initial data": [
    { kind: "initial", payload: bytes(9, 8) },
    "0a000000 04 00 0000  01 00000000000000  0908 000000000000",
  ],
  custom: [{ kind: "custom", payload: bytes(1, 2, 3) }, "03000000 05 00 0000  010203 0000000000"],
  "a result in chunks": [
    { kind: "results", results: [{ ...result(7, new Uint8Array(1027).fill(0xaa)), elapsedMs: 1 }] },
    `30000000 06 00 0000  00000000 03000000 0304000000000000
     0700000000000000 000000000000f03f 01000000 00000000 00000000 00000000
     08040000 07 00 0000  00000000 00000000  ${"aa".repeat(1024)}
     0b000000 07 00 0000  00000000 00000000  aaaaaa 0000000000`,
  ],
  "custom in chunks": [
    { kind: "custom", payload: new Uint8Array(1025).fill(0xbb) },
    `10000000 06 00 0000  00000000 05000000 0104000000000000
     08040000 07 00 0000  00000000 00000000  ${"bb".repeat(1024)}
     09000000 07 00 0000  00000000 00000000  bb 00000000000000`,
  ],
  acks: [
    { kind: "acks", attempts: [{ task: 5, attempt: 1 }, { task: Number.MAX_SAFE_INTEGER, attempt: 2 }] },
    `28000000 08 00 0000  02000000 00000000  0500000000000000 01000000 00000000  ffffffffffff1f00 02000000 00000000`,
  ],
  "nothing held": [{ kind: "held", attempts: [] }, "08000000 09 00 0000  00000000 00000000"],
  "much held": [
    { kind: "held", attempts: Array.from({ length: 64 }, () => ({ task: 1, attempt: 1 })) },
    `f8030000 09 00 0000  3f000000 01000000  ${"0100000000000000 01000000 00000000".repeat(63)}
     18000000 09 00 0000  01000000 00000000  0100000000000000 01000000 00000000`,
  ],
  heartbeat: [
    control({ type: "heartbeat", busy: 1, queued: 300 }),
    "20000000 01 00 0000  83 a474797065a9686561727462656174 a46275737901 a6717565756564cd012c",
  ],
  "bare heartbeat": [
    control({ type: "heartbeat" }),
    "10000000 01 00 0000  81 a474797065a9686561727462656174",
  ],
  welcome: [
    control({
      type: "welcome",
      protocol: 1,
      package: "0.1.0",
      node: "0123456789abcdef",
      run: "c3".repeat(16),
      resumed: false,
      heartbeatMs: 5000,
      options: bytes(1, 2),
    }),
    `86000000 01 00 0000  88 a474797065a777656c636f6d65 a870726f746f636f6c01 a77061636b616765a5302e312e30
     a46e6f6465b030313233343536373839616263646566 a372756ed920${"6333".repeat(16)} a7726573756d6564c2
     ab6865617274626561744d73cd1388 a76f7074696f6e73c4020102 0000`,
  ],
  challenge: [
    control({ type: "challenge", nonce: serverNonce }),
    `38000000 01 00 0000  82 a474797065a96368616c6c656e6765 a56e6f6e6365c420${"22".repeat(32)}`,
  ],
  proof: [
    control({ type: "proof", proof: nodeNonce }),
    `34000000 01 00 0000  82 a474797065a570726f6f66 a570726f6f66c420${"11".repeat(32)} 00000000`,
  ],
  "operator hello": [
    control({ type: "operator-hello", protocol: 1, package: "0.1.0", name: "o", nonce: nodeNonce }),
    `5c000000 01 00 0000  85 a474797065ae6f70657261746f722d68656c6c6f a870726f746f636f6c01
     a77061636b616765a5302e312e30 a46e616d65a16f a56e6f6e6365c420${"11".repeat(32)} 00000000`,
  ],
  "operator welcome": [
    control({ type: "operator-welcome", protocol: 1, package: "0.1.0", job: "demo", run: "c3".repeat(16) }),
    `5e000000 01 00 0000  85 a474797065b06f70657261746f722d77656c636f6d65 a870726f746f636f6c01
     a77061636b616765a5302e312e30 a36a6f62a464656d6f a372756ed920${"6333".repeat(16)} 0000`,
  ],
  order: [
    control({ type: "order", id: 1, action: "drain-node", node: "n" }),
    `29000000 01 00 0000  84 a474797065a56f72646572 a2696401 a6616374696f6eaa647261696e2d6e6f6465 a46e6f6465a16e
     00000000000000`,
  ],
  "order with a message": [
    control({ type: "order", id: 2, action: "message", node: "all", payload: bytes(1, 2) }),
    `34000000 01 00 0000  85 a474797065a56f72646572 a2696402 a6616374696f6ea76d657373616765 a46e6f6465a3616c6c
     a77061796c6f6164c4020102 00000000`,
  ],
  "order to stop": [
    control({ type: "order", id: 3, action: "stop", reason: "late" }),
    "28000000 01 00 0000  84 a474797065a56f72646572 a2696403 a6616374696f6ea473746f70 a6726561736f6ea46c617465",
  ],
  answer: [
    control({ type: "answer", id: 1, ok: true, text: "done", hasData: false }),
    "28000000 01 00 0000  85 a474797065a6616e73776572 a2696401 a26f6bc3 a474657874a4646f6e65 a768617344617461c2",
  ],
  refused: [
    control({ type: "refused", code: "finished", message: "late", retry: false }),
    `30000000 01 00 0000  84 a474797065a772656675736564 a4636f6465a866696e6973686564
     a76d657373616765a46c617465 a57265747279c2`,
  ],
  log: [
    control({ type: "log", level: "warn", text: "ä", task: 3, attempt: 1 }),
    `2c000000 01 00 0000  85 a474797065a36c6f67 a56c6576656ca47761726e a474657874a2c3a4 a47461736b03
     a7617474656d707401 00000000`,
  ],
  progress: [
    control({ type: "progress", task: 3, attempt: 1, fraction: 0.5 }),
    `30000000 01 00 0000  84 a474797065a870726f6772657373 a47461736b03 a7617474656d707401
     a86672616374696f6ecb3fe0000000000000`,
  ],
  leave: [
    control({ type: "leave", reason: "bye" }),
    "17000000 01 00 0000  82 a474797065a56c65617665 a6726561736f6ea3627965 00",
  ],
  "leave with time to drain": [
    control({ type: "leave", reason: "bye", drainMs: 10_000 }),
    "22000000 01 00 0000  83 a474797065a56c65617665 a6726561736f6ea3627965 a7647261696e4d73cd2710 000000000000",
  ],
  cancel: [
    control({ type: "cancel", attempts: [{ task: 3, attempt: 1 }, { task: 70_000, attempt: 2 }] }),
    "1f000000 01 00 0000  82 a474797065a663616e63656c a8617474656d707473940301ce0001117002 00",
  ],
  recall: [
    control({ type: "recall", attempts: [{ task: 4, attempt: 1 }] }),
    "19000000 01 00 0000  82 a474797065a6726563616c6c a8617474656d707473920401 00000000000000",
  ],
  finished: [
    control({ type: "finished", outcome: "complete", message: "" }),
    `29000000 01 00 0000  83 a474797065a866696e6973686564 a76f7574636f6d65a8636f6d706c657465
     a76d657373616765a0 00000000000000`,
  ],
};

for (const [name, [message, hex]] of Object.entries(frames)) {
  Deno.test(`golden frame: ${name}`, () => {
    assertEquals(encodeMessage(message), digits(hex));
    assertEquals(decodeMessage(hex), [message]);
  });
}

Deno.test("golden frame: a compressed body", () => {
  // Only read: what zstd makes of a body may change with its version.
  const hex = "1a000000 05 01 0000  c8000000 00000000  28b52ffd00584d00001000000100430a6001 000000000000";
  assertEquals(decodeMessage(hex), [{ kind: "custom", payload: new Uint8Array(200) }]);
});

const nodesToken = "gm_node_5Oe8UoYfhRm29sLLGZ1EEwSPbTQ5cz9aSKsrTN8FZbQ";
const shared = { package: "0.1.0", token: "secret of sixteen" };
const served = { ...shared, job: "demo", codeHash: "ab".repeat(32) };
const channel = new Uint8Array(32).fill(0x33);
const resume = { run: "c3".repeat(16), node: "0123456789abcdef" };
const self = { name: "n", slots: 2, labels: { gpu: "1", arch: "x" }, resume, lifetimeMs: 60_000 };

Deno.test("golden token: what nodes have of a token", async () => {
  assertEquals(await nodeToken(shared.token), nodesToken);
});

Deno.test("golden handshake: the introduction, the challenge and the proofs of a node", async () => {
  const node = nodeHandshake({ ...served, ...self, randomBytes: () => nodeNonce });
  const server = serverHandshake({ ...served, randomBytes: () => serverNonce });
  const { reply: challenge } = await server.receive(node.hello);
  assertEquals(challenge, { type: "challenge", nonce: serverNonce });
  const { reply: proof } = await node.receive(challenge!);
  assertEquals(proof, { type: "proof", proof: fromHex(nodeProof) });
  const { reply: answer } = await server.receive(proof!);
  assertEquals(answer, { type: "proof", proof: fromHex(serverProof) });

  const { token: _, ...rest } = served;
  const hello: Hello = { ...rest, ...self, type: "hello", protocol: protocolVersion, nonce: nodeNonce };
  assertEquals(node.hello, hello);
  const ordered = control({ type: "hello", protocol: protocolVersion, ...rest, ...self, nonce: nodeNonce });
  const hex = `15010000 01 00 0000  8b a474797065a568656c6c6f a870726f746f636f6c01 a77061636b616765a5302e312e30
    a36a6f62a464656d6f a8636f646548617368d940${"6162".repeat(32)} a46e616d65a16e a5736c6f747302
    a66c6162656c7382a3677075a131a461726368a178
    a6726573756d6582a372756ed920${"6333".repeat(16)}a46e6f6465b030313233343536373839616263646566
    aa6c69666574696d654d73cdea60 a56e6f6e6365c420${"11".repeat(32)} 000000`;
  assertEquals(encodeMessage(ordered), digits(hex));
  assertEquals(decodeMessage(hex), [control(node.hello)]);
});

Deno.test("golden handshake: the proofs of an operator, bound to a certificate", async () => {
  const operator = operatorHandshake({ ...shared, name: "o", channel, randomBytes: () => nodeNonce });
  const server = serverHandshake({ ...served, channel, randomBytes: () => serverNonce });
  await server.receive(operator.hello);
  const { reply: proof } = await operator.receive({ type: "challenge", nonce: serverNonce });
  assertEquals(proof, { type: "proof", proof: fromHex(operatorProof) });
  const { reply: answer } = await server.receive(proof!);
  assertEquals(answer, { type: "proof", proof: fromHex(operatorServerProof) });
});

const cyclic: unknown[] = [];
cyclic.push(cyclic);
const failed = Object.assign(new RangeError("m", { cause: 1 }), { stack: "s" });

const payloads: Record<string, [unknown, string]> = {
  object: [{ a: 1, b: [true, null, "x"] }, "0b000000 01 00 0000  82 a161 01 a162 93 c3 c0 a178"],
  numbers: [
    [63, 64, -1, 1.5, 2 ** 32],
    "17000000 01 00 0000  95 3f cc40 ff cb3ff8000000000000 cb41f0000000000000",
  ],
  records: [
    Array.from({ length: 8 }, (_, x) => ({ x })),
    "16000000 01 00 0000  98 d472 40 91a178 00 4001 4002 4003 4004 4005 4006 4007",
  ],
  "undefined and bigints": [
    [undefined, 5n, 2n ** 64n],
    "23000000 01 01 0000  93 d40000 d30000000000000005 94c102 b13130303030303030303030303030303030 c2",
  ],
  "negative zero": [[-0, NaN], "0d000000 01 01 0000  92 92c101 cb7ff8000000000000"],
  "lone surrogate": ["\ud800", "07000000 01 01 0000  93c103 c40200d8"],
  date: [new Date(1000), "06000000 01 01 0000  93c104 cd03e8"],
  map: [new Map([["k", 1]]), "06000000 01 01 0000  94c105 a16b 01"],
  set: [new Set([1]), "04000000 01 01 0000  93c106 01"],
  error: [failed, "18000000 01 01 0000  99c107 02 aa52616e67654572726f72 a16d a173 c3 01 d40000"],
  "regular expression": [/a/g, "07000000 01 01 0000  94c108 a161 a167"],
  "prototype key": [JSON.parse('{"__proto__":1}'), "0e000000 01 01 0000  94c109 a95f5f70726f746f5f5f 01"],
  "short binary data": [bytes(1, 2), "08000000 01 01 0000  94c10a 03 c4020102"],
  "array buffer": [new ArrayBuffer(1), "07000000 01 01 0000  94c10a 00 c40100"],
  "binary data beside the head": [
    new Float64Array(128).fill(1),
    `07000000 01 01 0000  94c10b 0a cd0400 00  ${"000000000000f03f".repeat(128)}`,
  ],
  cycle: [cyclic, "05000000 01 01 0000  91 93c100 00"],
};

for (const [name, [value, hex]] of Object.entries(payloads)) {
  Deno.test(`golden payload: ${name}`, () => {
    assertEquals(toHex(encodePayload(value)), digits(hex));
    assertEquals(difference(value, decodePayload(fromHex(hex))), undefined);
  });
}

Deno.test("golden failure", () => {
  const failure = { kind: "error", name: "E", message: "m", stack: "s" } as const;
  const hex = `25000000 01 00 0000  84 a46b696e64a56572726f72 a46e616d65a145 a76d657373616765a16d a5737461636ba173`;
  assertEquals(toHex(encodeFailure(failure)), digits(hex));
  assertEquals(decodeFailure(fromHex(hex)), failure);
});
