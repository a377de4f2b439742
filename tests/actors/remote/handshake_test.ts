import { assertEquals, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { WireError } from "../../../actors/remote/errors.ts";
import {
  nodeHandshake,
  type NodeHandshakeOptions,
  serverHandshake,
  type ServerHandshakeOptions,
} from "../../../actors/remote/handshake.ts";
import type { ControlMessage, Hello, Refused, Welcome } from "../../../actors/remote/protocol.ts";

const codeHash = "ab".repeat(32);
const serverOptions: ServerHandshakeOptions = { package: "0.1.0", job: "mandelbrot", codeHash };
const nodeOptions: NodeHandshakeOptions = {
  package: "0.1.0",
  job: "mandelbrot",
  codeHash,
  name: "host:1",
  slots: 4,
  labels: { gpu: "1" },
};
const welcome: Welcome = {
  type: "welcome",
  protocol: 1,
  package: "0.1.0",
  node: "0123456789abcdef",
  run: "c3".repeat(16),
  resumed: false,
  heartbeatMs: 1000,
  options: new Uint8Array(0),
};

interface Result {
  readonly server?: { accepted: Hello } | { refused: Refused };
  readonly node?: { welcomed: Welcome } | { refused: Refused };
  /** The types of all messages, in order. */
  readonly said: readonly string[];
}

/** Runs both halves against each other; `change` may forge what passes between them. */
async function shake(
  serverChanges: Partial<ServerHandshakeOptions> = {},
  nodeChanges: Partial<NodeHandshakeOptions> = {},
  change: (message: ControlMessage) => ControlMessage = (message) => message,
): Promise<Result> {
  const server = serverHandshake({ ...serverOptions, ...serverChanges });
  const node = nodeHandshake({ ...nodeOptions, ...nodeChanges });
  const said: string[] = [];
  let toServer: ControlMessage | undefined = node.hello;
  let result: Omit<Result, "said"> = {};
  while (toServer) {
    said.push(toServer.type);
    const { reply, outcome }: Awaited<ReturnType<typeof server.receive>> = await server.receive(change(toServer));
    if (outcome) result = { ...result, server: outcome as Result["server"] };
    let toNode = reply;
    if (outcome) toNode = "accepted" in outcome ? welcome : outcome.refused;
    if (!toNode || (result.node && outcome)) break;
    said.push(toNode.type);
    const answer: Awaited<ReturnType<typeof node.receive>> = await node.receive(change(toNode));
    if (answer.outcome) result = { ...result, node: answer.outcome as Result["node"] };
    toServer = outcome ? undefined : answer.reply;
  }
  return { ...result, said };
}

function refusedBy(outcome: Result["server"] | Result["node"]): Refused {
  if (!outcome || !("refused" in outcome)) throw new Error(`not refused: ${JSON.stringify(outcome)}`);
  return outcome.refused;
}

Deno.test("node and server that agree shake hands without a key", async () => {
  const { server, node, said } = await shake();
  assertEquals(said, ["hello", "welcome"]);
  assertEquals(node, { welcomed: welcome });
  if (!server || !("accepted" in server)) throw new Error("not accepted");
  const { nonce, ...hello } = server.accepted;
  assertEquals(hello, { ...nodeOptions, type: "hello", protocol: 1 });
  assertEquals(nonce.length, 32);
});

Deno.test("node and server with the same key prove it to one another", async () => {
  const { server, node, said } = await shake({ key: "s3cret ключ" }, { key: "s3cret ключ" });
  assertEquals(said, ["hello", "challenge", "proof", "welcome"]);
  assertEquals([server && "accepted" in server, node && "welcomed" in node], [true, true]);
});

Deno.test("the key itself, and the same proof twice, never cross the wire", async () => {
  const seen: string[] = [];
  const key = "correct horse battery staple";
  for (let i = 0; i < 2; i++) {
    await shake({ key }, { key }, (message) => {
      if (message.type === "proof" || message.type === "challenge") seen.push(message.proof.toHex());
      if (JSON.stringify(message).includes(key)) throw new Error("the key is on the wire");
      return message;
    });
  }
  assertEquals([seen.length, new Set(seen).size], [4, 4]);
});

Deno.test("each mismatch is refused with both values, which side has which, and what to do", async () => {
  const other = "cd".repeat(32);
  const cases: [Partial<NodeHandshakeOptions>, string, string][] = [
    [
      { package: "0.2.0" },
      "version-mismatch",
      "the server runs package 0.1.0, the node 0.2.0: install the same version on both",
    ],
    [
      { job: 'ray"tracer' },
      "job-mismatch",
      'the server runs job "mandelbrot", the node was started with "ray\\"tracer": ' +
      "start the node with the server's job",
    ],
    [
      { codeHash: other },
      "code-mismatch",
      `the server's code of job "mandelbrot" has hash ${codeHash}, the node's ${other}: ` +
      "give the node the server's copy of the job",
    ],
  ];
  for (const [changes, code, message] of cases) {
    const { server, node } = await shake({}, changes);
    assertEquals(refusedBy(server), { type: "refused", code: code as Refused["code"], message, retry: false });
    assertEquals(refusedBy(node), refusedBy(server));
  }
});

Deno.test("another protocol version is refused with both versions", async () => {
  const { server } = await shake({}, {}, (message) => message.type === "hello" ? { ...message, protocol: 9 } : message);
  const { code, message } = refusedBy(server);
  assertEquals(code, "version-mismatch");
  if (!message.startsWith("the server speaks protocol 1 (package 0.1.0), the node protocol 9 (package 0.1.0): ")) {
    throw new Error(message);
  }
});

Deno.test("a key that differs or is missing on one side is refused, and the server hears why", async () => {
  const cases: [string | undefined, string | undefined, string][] = [
    ["right", "wrong", "key-mismatch"],
    ["right", undefined, "key-required"],
  ];
  for (const [serverKey, nodeKey, code] of cases) {
    const { server, node } = await shake({ key: serverKey }, { key: nodeKey });
    assertEquals([refusedBy(server).code, refusedBy(node).code], [code, code]);
  }
  // The server has taken the node for one without a key; the node still refuses it.
  const { server, node } = await shake({}, { key: "right" });
  assertEquals([server && "accepted" in server, refusedBy(node).code], [true, "key-mismatch"]);
});

Deno.test("a stranger learns nothing of the job before it has proven the key", async () => {
  const { said } = await shake({ key: "right" }, { job: "other", codeHash: "00".repeat(32), key: "right" });
  assertEquals(said, ["hello", "challenge", "proof", "refused"]);
});

Deno.test("proofs are bound to all that was said", async () => {
  const key = "right";
  const forge: ((message: ControlMessage) => ControlMessage)[] = [
    (message) => message.type === "hello" ? { ...message, name: "other" } : message,
    (message) => message.type === "hello" ? { ...message, slots: 5 } : message,
    (message) => message.type === "hello" ? { ...message, labels: { gpu: "2" } } : message,
    (message) => message.type === "hello" ? { ...message, labels: { gpu: "1", more: "" } } : message,
    (message) => message.type === "hello" ? { ...message, labels: {} } : message,
    (message) => message.type === "hello" ? { ...message, lifetimeMs: 1 } : message,
    (message) => message.type === "hello" ? { ...message, resume: { run: welcome.run, node: welcome.node } } : message,
    (message) => message.type === "hello" ? { ...message, nonce: new Uint8Array(32) } : message,
    (message) => message.type === "challenge" ? { ...message, nonce: new Uint8Array(32) } : message,
    (message) => message.type === "challenge" ? { ...message, proof: new Uint8Array(32) } : message,
    (message) => message.type === "proof" ? { ...message, proof: new Uint8Array(32) } : message,
  ];
  for (const change of forge) {
    const { server, node } = await shake({ key }, { key }, change);
    const outcomes = [server, node].flatMap((outcome) => outcome && "refused" in outcome ? [outcome.refused.code] : []);
    assertEquals(outcomes.includes("key-mismatch"), true);
    assertEquals(server && "accepted" in server, false);
  }
});

Deno.test("a server cannot be fooled by its own proof sent back", async () => {
  const server = serverHandshake({ ...serverOptions, key: "right" });
  const { hello } = nodeHandshake(nodeOptions);
  const { reply } = await server.receive(hello);
  if (reply?.type !== "challenge") throw new Error("no challenge");
  const { outcome } = await server.receive({ type: "proof", proof: reply.proof });
  assertEquals(refusedBy(outcome as Result["server"]).code, "key-mismatch");
});

Deno.test("messages out of turn are refused by a wire error", async () => {
  const hello = nodeHandshake(nodeOptions).hello;
  const refused: Refused = { type: "refused", code: "finished", message: "", retry: false };
  const server = async (...messages: ControlMessage[]) => {
    const handshake = serverHandshake({ ...serverOptions, key: "right" });
    for (const message of messages) await handshake.receive(message);
  };
  const node = async (...messages: ControlMessage[]) => {
    const handshake = nodeHandshake(nodeOptions);
    for (const message of messages) await handshake.receive(message);
  };
  const wrong = [
    () => server({ type: "heartbeat" }),
    () => server({ type: "proof", proof: new Uint8Array(32) }),
    () => server(hello, hello),
    () => server(hello, { type: "proof", proof: new Uint8Array(32) }, { type: "proof", proof: new Uint8Array(32) }),
    () => server(refused, hello),
    () => node({ type: "heartbeat" }),
    () => node(welcome, welcome),
    () => node(refused, welcome),
    () => node({ type: "finished", outcome: "complete", message: "" }),
  ];
  for (const run of wrong) assertEquals((await assertRejects(run, WireError)).code, "handshake-unexpected");
});

Deno.test("a node is taken back only as the one that it was, and only if it asked for it", async () => {
  const resume = { run: welcome.run, node: welcome.node };
  const back: Welcome = { ...welcome, resumed: true };
  const receive = (message: Welcome, asked?: Hello["resume"]) =>
    nodeHandshake({ ...nodeOptions, ...(asked && { resume: asked }) }).receive(message);
  assertEquals(await receive(back, resume), { outcome: { welcomed: back } });
  assertEquals(await receive(welcome, resume), { outcome: { welcomed: welcome } });
  const wrong: [Welcome, Hello["resume"]][] = [
    [back, undefined],
    [{ ...back, node: "f".repeat(16) }, resume],
    [{ ...back, run: "f".repeat(32) }, resume],
  ];
  for (const [message, asked] of wrong) {
    assertEquals((await assertRejects(() => receive(message, asked), WireError)).code, "handshake-unexpected");
  }
});

Deno.test("an empty key is refused up front, for it would protect nothing", () => {
  assertThrows(() => serverHandshake({ ...serverOptions, key: "" }), RangeError, "the key is empty");
  assertThrows(() => nodeHandshake({ ...nodeOptions, key: "" }), RangeError, "the key is empty");
});
