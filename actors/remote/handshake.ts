/**
 * The handshake as state machines, apart from connections. A client, which is a node or an operator, introduces itself;
 * a server with a token asks for a proof that the client knows it, and answers a right one with its own; then the
 * server accepts or refuses. The welcome itself is sent by whoever takes the client in.
 *
 * @module
 */
import { proofBytes } from "./control.ts";
import { WireError } from "./errors.ts";
import {
  type ControlMessage,
  type Hello,
  type OperatorHello,
  type OperatorWelcome,
  protocolVersion,
  type RefusalCode,
  type Refused,
  type Welcome,
} from "./protocol.ts";
import { checkToken, proofKey, type Role } from "./token.ts";
import { prove, proves, type Seen, transcript } from "./transcript.ts";

/** Gives `length` random bytes that nobody can foresee. */
export type RandomBytes = (length: number) => Uint8Array;

/** What both sides of a handshake are given. */
export interface HandshakeSecrets {
  /** The token, see `token.ts`. @default none: the server asks for none, and the client takes its word */
  readonly token?: string;
  /** What binds the proofs to the link that they cross: its `channel`. @default nothing */
  readonly channel?: Uint8Array;
  /** @default `crypto.getRandomValues` */
  readonly randomBytes?: RandomBytes;
}

/** What a server wants its clients to be. */
export interface ServerHandshakeOptions extends HandshakeSecrets {
  /** The version of the server's package. */
  readonly package: string;
  /** The name of the job. */
  readonly job: string;
  /** The hash of the job's code. */
  readonly codeHash: string;
  /** Whether the client is on the server's machine: without a token, operators elsewhere are refused. @default false */
  readonly isLocal?: boolean;
}

/** What a handshake makes of a message: what to answer, and how it ends, if it does. */
export interface HandshakeStep<Outcome> {
  /** To be sent before anything is made of the outcome. */
  readonly reply?: ControlMessage;
  /** The end of the handshake; no further message may be given to it. */
  readonly outcome?: Outcome;
}

/** The server's half, for one connection. */
export interface ServerHandshake {
  /**
   * Takes the client's next message. The messages of one connection are given one after another.
   *
   * @throws {WireError} code `handshake-unexpected` for a message out of its turn
   */
  readonly receive: (message: ControlMessage) => Promise<HandshakeStep<ServerOutcome>>;
}

/**
 * The client is accepted and waits for its welcome, or one of both sides has refused the other. A refusal is not among
 * the replies: whoever closes the connection sends it.
 */
export type ServerOutcome = { readonly accepted: Hello | OperatorHello } | { readonly refused: Refused };

/** What a node says of itself. */
export interface NodeHandshakeOptions extends Omit<Hello, "type" | "protocol" | "nonce">, HandshakeSecrets {}

/** What an operator says of itself. */
export interface OperatorHandshakeOptions
  extends Omit<OperatorHello, "type" | "protocol" | "nonce">, HandshakeSecrets {}

/** A client's half, for one connection. */
export interface ClientHandshake<H, W> {
  /** The first message, to be sent at once. */
  readonly hello: H;
  /**
   * Takes the server's next message. The messages of one connection are given one after another.
   *
   * @throws {WireError} code `handshake-unexpected` for a message out of its turn
   */
  readonly receive: (message: ControlMessage) => Promise<HandshakeStep<ClientOutcome<W>>>;
}

/** The client is welcome, or one of both sides has refused the other; the client's own refusal is also its reply. */
export type ClientOutcome<W> = { readonly welcomed: W } | { readonly refused: Refused };

/** A node's half. */
export type NodeHandshake = ClientHandshake<Hello, Welcome>;

/** An operator's half. */
export type OperatorHandshake = ClientHandshake<OperatorHello, OperatorWelcome>;

/** The server's half of a handshake. @throws {RangeError} If the token cannot be used. */
export function serverHandshake(expected: ServerHandshakeOptions): ServerHandshake {
  const { token, channel, randomBytes = secureRandomBytes } = expected;
  if (token !== undefined) checkToken(token);
  let isIntroduced = false;
  let challenged: { readonly key: CryptoKey; readonly seen: Seen } | undefined;
  let over = false;

  const end = (outcome: ServerOutcome, reply?: ControlMessage): HandshakeStep<ServerOutcome> => {
    over = true;
    return reply ? { reply, outcome } : { outcome };
  };
  const judge = (hello: Hello | OperatorHello, reply?: ControlMessage): HandshakeStep<ServerOutcome> => {
    const refused = hello.type === "hello" ? refuseJob(expected, hello) : undefined;
    return end(refused ? { refused } : { accepted: hello }, reply);
  };
  const introduce = async (hello: Hello | OperatorHello): Promise<HandshakeStep<ServerOutcome>> => {
    isIntroduced = true;
    const refused = refuseVersion(expected, hello) ?? refuseRole(expected, hello);
    if (refused) return end({ refused });
    if (token === undefined) return judge(hello);
    const key = await proofKey(token, roleOf(hello));
    if (key === undefined) return end({ refused: nodesOnly() });
    const nonce = randomBytes(proofBytes);
    challenged = { key, seen: { hello, serverNonce: nonce, channel } };
    return { reply: { type: "challenge", nonce } };
  };

  return {
    receive: async (message) => {
      if (over) throw unexpected(message, "client");
      if (message.type === "refused") return end({ refused: message });
      if ((message.type === "hello" || message.type === "operator-hello") && !isIntroduced) {
        return await introduce(message);
      }
      if (message.type !== "proof" || !challenged) throw unexpected(message, "client");
      const { key, seen } = challenged;
      if (!await proves(key, message.proof, transcript("client", seen))) {
        return end({ refused: tokenMismatch(`the ${roleOf(seen.hello)}`, "the server", channel) });
      }
      return judge(seen.hello, { type: "proof", proof: await prove(key, transcript("server", seen)) });
    },
  };
}

/** A node's half of a handshake. @throws {RangeError} If the token cannot be used. */
export function nodeHandshake(self: NodeHandshakeOptions): NodeHandshake {
  const { token, channel, randomBytes = secureRandomBytes, ...rest } = self;
  const hello: Hello = { ...rest, type: "hello", protocol: protocolVersion, nonce: randomBytes(proofBytes) };
  return clientHandshake(hello, { token, channel }, (message) => {
    if (message.type !== "welcome") return undefined;
    const { resume } = self;
    if (message.resumed && !(resume && resume.node === message.node && resume.run === message.run)) {
      throw new WireError(
        "handshake-unexpected",
        `the server takes node ${message.node} of run ${message.run} back, which this one is not`,
      );
    }
    return message;
  });
}

/** An operator's half of a handshake. @throws {RangeError} If the token cannot be used. */
export function operatorHandshake(self: OperatorHandshakeOptions): OperatorHandshake {
  const { token, channel, randomBytes = secureRandomBytes, ...rest } = self;
  const hello: OperatorHello = {
    ...rest,
    type: "operator-hello",
    protocol: protocolVersion,
    nonce: randomBytes(proofBytes),
  };
  return clientHandshake(hello, { token, channel }, (message) => {
    return message.type === "operator-welcome" ? message : undefined;
  });
}

/** @param welcome Takes what it waits for, and `undefined` if it is something else */
function clientHandshake<H extends Hello | OperatorHello, W>(
  hello: H,
  { token, channel }: HandshakeSecrets,
  welcome: (message: ControlMessage) => W | undefined,
): ClientHandshake<H, W> {
  if (token !== undefined) checkToken(token);
  const role = roleOf(hello);
  let challenged: { readonly key: CryptoKey; readonly seen: Seen } | undefined;
  let isProven = false;
  let over = false;

  const refuse = (refused: Refused): HandshakeStep<ClientOutcome<W>> => {
    over = true;
    return { reply: refused, outcome: { refused } };
  };
  const answer = async (serverNonce: Uint8Array): Promise<HandshakeStep<ClientOutcome<W>>> => {
    if (token === undefined) return refuse(tokenRequired(role));
    const key = await proofKey(token, role);
    if (key === undefined) return refuse(nodesToken());
    challenged = { key, seen: { hello, serverNonce, channel } };
    return { reply: { type: "proof", proof: await prove(key, transcript("client", challenged.seen)) } };
  };

  return {
    hello,
    receive: async (message) => {
      if (over) throw unexpected(message, "server");
      if (message.type === "refused") {
        over = true;
        return { outcome: { refused: message } };
      }
      if (message.type === "challenge" && !challenged) return await answer(message.nonce);
      if (message.type === "proof" && challenged && !isProven) {
        isProven = await proves(challenged.key, message.proof, transcript("server", challenged.seen));
        return isProven ? {} : refuse(tokenMismatch("the server", `the ${role}`, channel));
      }
      // Once it was challenged, nothing but a proof will do.
      const welcomed = !challenged || isProven ? welcome(message) : undefined;
      if (welcomed === undefined) throw unexpected(message, "server");
      if (token !== undefined && !isProven) return refuse(notAsked(role));
      over = true;
      return { outcome: { welcomed } };
    },
  };
}

function roleOf(hello: Hello | OperatorHello): Role {
  return hello.type === "hello" ? "node" : "operator";
}

function refuseVersion(expected: ServerHandshakeOptions, hello: Hello | OperatorHello): Refused | undefined {
  const role = roleOf(hello);
  if (hello.protocol !== protocolVersion) {
    return refusal(
      "version-mismatch",
      `the server speaks protocol ${protocolVersion} (package ${expected.package}), ` +
        `the ${role} protocol ${hello.protocol} (package ${hello.package}): install the same version on both`,
    );
  }
  if (hello.package === expected.package) return undefined;
  return refusal(
    "version-mismatch",
    `the server runs package ${expected.package}, the ${role} ${hello.package}: install the same version on both`,
  );
}

function refuseJob(expected: ServerHandshakeOptions, hello: Hello): Refused | undefined {
  if (hello.job !== expected.job) {
    return refusal(
      "job-mismatch",
      `the server runs job ${quote(expected.job)}, the node was started with ${quote(hello.job)}: ` +
        "start the node with the server's job",
    );
  }
  if (hello.codeHash === expected.codeHash) return undefined;
  return refusal(
    "code-mismatch",
    `the server's code of job ${quote(expected.job)} has hash ${expected.codeHash}, the node's ${hello.codeHash}: ` +
      "give the node the server's copy of the job",
  );
}

function refuseRole({ token, isLocal }: ServerHandshakeOptions, hello: Hello | OperatorHello): Refused | undefined {
  if (token !== undefined || isLocal || hello.type === "hello") return undefined;
  return refusal(
    "role-refused",
    "the server has no token, and then takes orders from its own machine alone: start it with an operator's token",
  );
}

function nodesOnly(): Refused {
  return refusal(
    "role-refused",
    "the server was started with the nodes' token, and so knows no operator: start it with an operator's token",
  );
}

function nodesToken(): Refused {
  return refusal(
    "role-refused",
    "this is the nodes' token, and orders are for operators: use the token that the server was started with",
  );
}

const mend = (role: string): string =>
  role.endsWith("operator")
    ? "use the token that the server was started with"
    : "give the node the server's token, or what `gristmill token --node` makes of it";

function tokenRequired(role: Role): Refused {
  return refusal("token-required", `the server asks for a token, and the ${role} was given none: ${mend(role)}`);
}

function notAsked(role: Role): Refused {
  return refusal("token-mismatch", `the server asks for no token, and the ${role} was given one: it is another server`);
}

function tokenMismatch(prover: string, knower: string, channel: Uint8Array | undefined): Refused {
  const between = channel === undefined ? "" : ", or something between both ends the encryption";
  const role = prover === "the server" ? knower : prover;
  return refusal(
    "token-mismatch",
    `${prover} did not prove that it knows the token of ${knower}${between}: ${mend(role)}`,
  );
}

function refusal(code: RefusalCode, message: string): Refused {
  return { type: "refused", code, message, retry: false };
}

function unexpected(message: ControlMessage, from: string): WireError {
  return new WireError("handshake-unexpected", `the ${from} sent ${quote(message.type)} out of its turn`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function secureRandomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}
