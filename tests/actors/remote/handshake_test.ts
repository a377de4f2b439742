import { assertEquals, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { WireError } from "../../../actors/remote/errors.ts";
import {
  nodeHandshake,
  type NodeHandshakeOptions,
  operatorHandshake,
  type OperatorHandshakeOptions,
  serverHandshake,
  type ServerHandshakeOptions,
} from "../../../actors/remote/handshake.ts";
import type {
  ControlMessage,
  Hello,
  OperatorHello,
  OperatorWelcome,
  Refused,
  Welcome,
} from "../../../actors/remote/protocol.ts";
import { createToken, nodeToken } from "../../../actors/remote/token.ts";

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

const operatorOptions: OperatorHandshakeOptions = { package: "0.1.0", name: "host:2" };
const operatorWelcome: OperatorWelcome = {
  ...{ type: "operator-welcome", protocol: 1, package: "0.1.0", job: "mandelbrot", run: "c3".repeat(16) },
};
const token = "s3cret ключ of many";

interface Result {
  readonly server?: { accepted: Hello | OperatorHello } | { refused: Refused };
  readonly client?: { welcomed: Welcome | OperatorWelcome } | { refused: Refused };
  /** The types of all messages, in order. */
  readonly said: readonly string[];
}

type Forge = (message: ControlMessage) => ControlMessage;

/** Runs both halves against each other; `forge` may change what passes between them. */
async function run(
  server: ReturnType<typeof serverHandshake>,
  client: ReturnType<typeof nodeHandshake> | ReturnType<typeof operatorHandshake>,
  forge: Forge = (message) => message,
): Promise<Result> {
  const said: string[] = [];
  let result: Omit<Result, "said"> = {};
  let toServer: ControlMessage | undefined = client.hello;
  while (toServer) {
    said.push(toServer.type);
    const { reply, outcome }: Awaited<ReturnType<typeof server.receive>> = await server.receive(forge(toServer));
    if (outcome) result = { ...result, server: outcome };
    toServer = undefined;
    const toClient = reply ? [reply] : [];
    if (outcome && "refused" in outcome) toClient.push(outcome.refused);
    else if (outcome) toClient.push(client.hello.type === "hello" ? welcome : operatorWelcome);
    for (const message of toClient) {
      if (result.client) break;
      said.push(message.type);
      const answer: Awaited<ReturnType<typeof client.receive>> = await client.receive(forge(message));
      if (answer.outcome) result = { ...result, client: answer.outcome };
      if (!outcome) toServer = answer.reply;
    }
  }
  return { ...result, said };
}

function shake(
  serverChanges: Partial<ServerHandshakeOptions> = {},
  nodeChanges: Partial<NodeHandshakeOptions> = {},
  forge?: Forge,
): Promise<Result> {
  const node = nodeHandshake({ ...nodeOptions, ...nodeChanges });
  return run(serverHandshake({ ...serverOptions, ...serverChanges }), node, forge);
}

function shakeOperator(
  serverChanges: Partial<ServerHandshakeOptions> = {},
  operatorChanges: Partial<OperatorHandshakeOptions> = {},
  forge?: Forge,
): Promise<Result> {
  const operator = operatorHandshake({ ...operatorOptions, ...operatorChanges });
  return run(serverHandshake({ ...serverOptions, ...serverChanges }), operator, forge);
}

const isIn = ({ server, client }: Result): boolean[] => [
  server !== undefined && "accepted" in server,
  client !== undefined && "welcomed" in client,
];

function refusedBy(outcome: Result["server"] | Result["client"]): Refused {
  if (!outcome || !("refused" in outcome)) throw new Error(`not refused: ${JSON.stringify(outcome)}`);
  return outcome.refused;
}

Deno.test("node and server that agree shake hands without a token", async () => {
  const { server, client, said } = await shake();
  assertEquals(said, ["hello", "welcome"]);
  assertEquals(client, { welcomed: welcome });
  if (!server || !("accepted" in server)) throw new Error("not accepted");
  const { nonce, ...hello } = server.accepted;
  assertEquals(hello, { ...nodeOptions, type: "hello", protocol: 1 });
  assertEquals(nonce.length, 32);
});

Deno.test("node and server with the same token prove it to one another, the node first", async () => {
  const result = await shake({ token }, { token });
  assertEquals(result.said, ["hello", "challenge", "proof", "proof", "welcome"]);
  assertEquals(isIn(result), [true, true]);
});

Deno.test("the token itself, and the same proof twice, never cross the wire", async () => {
  const seen: string[] = [];
  for (let i = 0; i < 2; i++) {
    await shake({ token }, { token }, (message) => {
      if (message.type === "proof") seen.push(message.proof.toHex());
      if (JSON.stringify(message).includes(token)) throw new Error("the token is on the wire");
      return message;
    });
  }
  assertEquals([seen.length, new Set(seen).size], [4, 4]);
});

Deno.test("a node with the nodes' token is let in, and an operator with it is not", async () => {
  const operators = createToken();
  const nodes = await nodeToken(operators);
  assertEquals(isIn(await shake({ token: operators }, { token: nodes })), [true, true]);
  assertEquals(isIn(await shake({ token: operators }, { token: operators })), [true, true]);
  assertEquals(isIn(await shakeOperator({ token: operators }, { token: operators })), [true, true]);
  const refused = await shakeOperator({ token: operators }, { token: nodes });
  assertEquals([refusedBy(refused.server).code, refusedBy(refused.client).code], ["role-refused", "role-refused"]);
});

Deno.test("a server that has the nodes' token takes nodes, and no operator at all", async () => {
  const operators = createToken();
  const nodes = await nodeToken(operators);
  assertEquals(isIn(await shake({ token: nodes }, { token: operators })), [true, true]);
  const { server, client } = await shakeOperator({ token: nodes }, { token: operators });
  assertEquals([refusedBy(server).code, refusedBy(client).code], ["role-refused", "role-refused"]);
});

Deno.test("without a token operators are let in from the server's own machine alone", async () => {
  assertEquals(isIn(await shakeOperator({ isLocal: true })), [true, true]);
  const { server, client } = await shakeOperator({ isLocal: false });
  assertEquals([refusedBy(server).code, refusedBy(client).code], ["role-refused", "role-refused"]);
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
    const { server, client } = await shake({}, changes);
    assertEquals(refusedBy(server), { type: "refused", code: code as Refused["code"], message, retry: false });
    assertEquals(refusedBy(client), refusedBy(server));
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

Deno.test("a token that differs or is missing on one side is refused, and both sides hear why", async () => {
  const wrong = "another long secret";
  for (const shakeAny of [shake, shakeOperator]) {
    const different = await shakeAny({ token }, { token: wrong });
    assertEquals([refusedBy(different.server).code, refusedBy(different.client).code], Array(2).fill("token-mismatch"));
    const missing = await shakeAny({ token }, {});
    assertEquals(refusedBy(missing.client).code, "token-required");
    // The server has taken the client for one without a token; the client still refuses it.
    const unasked = await shakeAny({ isLocal: true }, { token });
    assertEquals([isIn(unasked), refusedBy(unasked.client).code], [[true, false], "token-mismatch"]);
  }
});

Deno.test("a server that does not know the token is refused by the client", async () => {
  const node = nodeHandshake({ ...nodeOptions, token });
  await node.receive({ type: "challenge", nonce: new Uint8Array(32) });
  const { outcome, reply } = await node.receive({ type: "proof", proof: new Uint8Array(32) });
  assertEquals([refusedBy(outcome).code, reply?.type], ["token-mismatch", "refused"]);
});

Deno.test("a welcome without a proof does not do for a client that was challenged", async () => {
  const node = nodeHandshake({ ...nodeOptions, token });
  await node.receive({ type: "challenge", nonce: new Uint8Array(32) });
  assertEquals((await assertRejects(() => node.receive(welcome), WireError)).code, "handshake-unexpected");
});

Deno.test("a stranger learns nothing of the job, and no proof, before it has proven the token", async () => {
  const { said } = await shake({ token }, { job: "other", codeHash: "00".repeat(32), token });
  assertEquals(said, ["hello", "challenge", "proof", "proof", "refused"]);
  const stranger = await shake({ token }, { job: "other", token: "another long secret" });
  assertEquals(stranger.said, ["hello", "challenge", "proof", "refused"]);
  assertEquals(refusedBy(stranger.client).code, "token-mismatch");
});

Deno.test("proofs are bound to all that was said", async () => {
  const hello = (changes: Partial<Hello>): Forge => (message) =>
    message.type === "hello" ? { ...message, ...changes } : message;
  const forge: Forge[] = [
    hello({ name: "other" }),
    hello({ slots: 5 }),
    hello({ labels: { gpu: "2" } }),
    hello({ labels: { gpu: "1", more: "" } }),
    hello({ labels: {} }),
    hello({ lifetimeMs: 1 }),
    hello({ resume: { run: welcome.run, node: welcome.node } }),
    hello({ nonce: new Uint8Array(32) }),
    (message) => message.type === "challenge" ? { ...message, nonce: new Uint8Array(32) } : message,
    (message) => message.type === "proof" ? { ...message, proof: new Uint8Array(32) } : message,
  ];
  for (const change of forge) {
    const { server, client } = await shake({ token }, { token }, change);
    assertEquals([refusedBy(server).code, refusedBy(client).code], ["token-mismatch", "token-mismatch"]);
  }
});

Deno.test("proofs are bound to the certificate that each side knows", async () => {
  const channel = new Uint8Array(32).fill(7);
  assertEquals(isIn(await shake({ token, channel }, { token, channel })), [true, true]);
  for (const other of [undefined, new Uint8Array(32).fill(8)]) {
    const { server, client } = await shake({ token, channel }, { token, channel: other });
    assertEquals([refusedBy(server).code, refusedBy(client).code], ["token-mismatch", "token-mismatch"]);
  }
});

Deno.test("an introduction under another role proves nothing", async () => {
  const asOperator: Forge = (message) =>
    message.type === "hello"
      ? { ...operatorOptions, type: "operator-hello", protocol: 1, nonce: message.nonce }
      : message;
  const asNode: Forge = (message) =>
    message.type === "operator-hello" ? { ...nodeOptions, type: "hello", protocol: 1, nonce: message.nonce } : message;
  assertEquals(refusedBy((await shake({ token }, { token }, asOperator)).server).code, "token-mismatch");
  assertEquals(refusedBy((await shakeOperator({ token }, { token }, asNode)).server).code, "token-mismatch");
});

Deno.test("a proof that was overheard opens no other connection", async () => {
  const heard: ControlMessage[] = [];
  const listen: Forge = (message) => {
    heard.push(message);
    return message;
  };
  assertEquals(isIn(await shake({ token }, { token }, listen)), [true, true]);
  const [hello, , proof, serverProof] = heard;

  const server = serverHandshake({ ...serverOptions, token });
  assertEquals((await server.receive(hello)).reply?.type, "challenge");
  assertEquals(refusedBy((await server.receive(proof)).outcome).code, "token-mismatch");

  const node = nodeHandshake({ ...nodeOptions, token });
  await node.receive(heard[1]);
  assertEquals(refusedBy((await node.receive(serverProof)).outcome).code, "token-mismatch");
});

Deno.test("neither side can be fooled by its own proof sent back", async () => {
  const node = nodeHandshake({ ...nodeOptions, token });
  const { reply } = await node.receive({ type: "challenge", nonce: new Uint8Array(32) });
  assertEquals(refusedBy((await node.receive(reply!)).outcome).code, "token-mismatch");

  // What the server says last in one connection is no proof of a client in another, even with the same nonces.
  const randomBytes = () => new Uint8Array(32).fill(9);
  let serverProof: ControlMessage | undefined;
  await shake({ token, randomBytes }, { token, randomBytes }, (message) => {
    if (message.type === "proof") serverProof = message;
    return message;
  });
  const server = serverHandshake({ ...serverOptions, token, randomBytes });
  await server.receive(nodeHandshake({ ...nodeOptions, randomBytes }).hello);
  assertEquals(refusedBy((await server.receive(serverProof!)).outcome).code, "token-mismatch");
});

Deno.test("messages out of turn are refused by a wire error", async () => {
  const hello = nodeHandshake(nodeOptions).hello;
  const refused: Refused = { type: "refused", code: "finished", message: "", retry: false };
  const server = async (...messages: ControlMessage[]) => {
    const handshake = serverHandshake({ ...serverOptions, token });
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
    () => node({ type: "proof", proof: new Uint8Array(32) }),
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

Deno.test("a token that is too short or damaged is refused up front", () => {
  const bad: [string, string][] = [
    ["", "at least 16 characters"],
    ["short", "at least 16 characters"],
    [createToken().slice(0, -1), "a whole token"],
    ["gm_node_" + "x".repeat(44), "a whole token"],
  ];
  for (const [wrong, message] of bad) {
    assertThrows(() => serverHandshake({ ...serverOptions, token: wrong }), RangeError, message);
    assertThrows(() => nodeHandshake({ ...nodeOptions, token: wrong }), RangeError, message);
    assertThrows(() => operatorHandshake({ ...operatorOptions, token: wrong }), RangeError, message);
  }
});
