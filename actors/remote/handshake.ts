/**
 * The handshake as two state machines, apart from connections. A node introduces itself; a server with a key proves
 * that it knows the key and asks the node for the same; then the server accepts or refuses. The welcome itself is sent
 * by whoever registers the node.
 *
 * @module
 */
import { proofBytes } from "./control.ts";
import { WireError } from "./errors.ts";
import {
  type Challenge,
  type ControlMessage,
  type Hello,
  protocolVersion,
  type RefusalCode,
  type Refused,
  type Welcome,
} from "./protocol.ts";
import { importKey, prove, proves, transcript } from "./transcript.ts";

/** Gives `length` random bytes that nobody can foresee. */
export type RandomBytes = (length: number) => Uint8Array;

/** What a server wants a node to be. */
export interface ServerHandshakeOptions {
  /** The version of the server's package. */
  readonly package: string;
  /** The name of the job. */
  readonly job: string;
  /** The hash of the job's code. */
  readonly codeHash: string;
  /** The key that both sides must know; at least one character. @default none is asked for */
  readonly key?: string;
  /** @default `crypto.getRandomValues` */
  readonly randomBytes?: RandomBytes;
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
   * Takes the node's next message. The messages of one connection are given one after another.
   *
   * @throws {WireError} code `handshake-unexpected` for a message out of its turn
   */
  readonly receive: (message: ControlMessage) => Promise<HandshakeStep<ServerOutcome>>;
}

/**
 * The node is accepted and waits for its welcome, or one of both sides has refused the other. A refusal is not among
 * the replies: whoever closes the connection sends it.
 */
export type ServerOutcome = { readonly accepted: Hello } | { readonly refused: Refused };

/** What a node says of itself. */
export interface NodeHandshakeOptions extends Omit<Hello, "type" | "protocol" | "nonce"> {
  /** The key that both sides must know; at least one character. @default the server's word is taken for it */
  readonly key?: string;
  /** @default `crypto.getRandomValues` */
  readonly randomBytes?: RandomBytes;
}

/** The node's half, for one connection. */
export interface NodeHandshake {
  /** The first message, to be sent at once. */
  readonly hello: Hello;
  /**
   * Takes the server's next message. The messages of one connection are given one after another.
   *
   * @throws {WireError} code `handshake-unexpected` for a message out of its turn
   */
  readonly receive: (message: ControlMessage) => Promise<HandshakeStep<NodeOutcome>>;
}

/** The node is welcome, or one of both sides has refused the other; the node's own refusal is also its reply. */
export type NodeOutcome = { readonly welcomed: Welcome } | { readonly refused: Refused };

/** The server's half of a handshake. @throws {RangeError} If the key is empty. */
export function serverHandshake(expected: ServerHandshakeOptions): ServerHandshake {
  checkKey(expected.key);
  const { key, randomBytes = secureRandomBytes } = expected;
  let hello: Hello | undefined;
  let challenge: Challenge | undefined;
  let over = false;

  const refuse = (refused: Refused): HandshakeStep<ServerOutcome> => {
    over = true;
    return { outcome: { refused } };
  };
  const judge = (candidate: Hello): HandshakeStep<ServerOutcome> => {
    const refused = refuseJob(expected, candidate);
    if (refused) return refuse(refused);
    over = true;
    return { outcome: { accepted: candidate } };
  };

  return {
    receive: async (message) => {
      if (!over && message.type === "refused") {
        over = true;
        return { outcome: { refused: message } };
      }
      if (!over && message.type === "hello" && !hello) {
        hello = message;
        const refused = refuseVersion(expected, hello);
        if (refused) return refuse(refused);
        if (key === undefined) return judge(hello);
        const nonce = randomBytes(proofBytes);
        const proof = await prove(await importKey(key), transcript("server", hello, nonce));
        challenge = { type: "challenge", nonce, proof };
        return { reply: challenge };
      }
      if (!over && message.type === "proof" && hello && challenge && key !== undefined) {
        const known = await proves(await importKey(key), message.proof, transcript("node", hello, challenge.nonce));
        return known ? judge(hello) : refuse(keyMismatch("the node did not prove that it knows the server's key"));
      }
      throw unexpected(message, "node");
    },
  };
}

/** The node's half of a handshake. @throws {RangeError} If the key is empty. */
export function nodeHandshake(self: NodeHandshakeOptions): NodeHandshake {
  checkKey(self.key);
  const { key, randomBytes = secureRandomBytes, ...rest } = self;
  const hello: Hello = { ...rest, type: "hello", protocol: protocolVersion, nonce: randomBytes(proofBytes) };
  let proven = false;
  let over = false;

  const refuse = (refused: Refused): HandshakeStep<NodeOutcome> => {
    over = true;
    return { reply: refused, outcome: { refused } };
  };

  return {
    hello,
    receive: async (message) => {
      if (!over && message.type === "refused") {
        over = true;
        return { outcome: { refused: message } };
      }
      if (!over && message.type === "challenge" && !proven) {
        if (key === undefined) return refuse(keyRequired());
        const imported = await importKey(key);
        proven = await proves(imported, message.proof, transcript("server", hello, message.nonce));
        if (!proven) return refuse(keyMismatch("the server did not prove that it knows the node's key"));
        return { reply: { type: "proof", proof: await prove(imported, transcript("node", hello, message.nonce)) } };
      }
      if (!over && message.type === "welcome") {
        if (key !== undefined && !proven) {
          return refuse(keyMismatch("the server takes nodes without a key, and this node was given one"));
        }
        const { resume } = self;
        if (message.resumed && !(resume && resume.node === message.node && resume.run === message.run)) {
          throw new WireError(
            "handshake-unexpected",
            `the server takes node ${message.node} of run ${message.run} back, which this one is not`,
          );
        }
        over = true;
        return { outcome: { welcomed: message } };
      }
      throw unexpected(message, "server");
    },
  };
}

function refuseVersion(expected: ServerHandshakeOptions, hello: Hello): Refused | undefined {
  if (hello.protocol !== protocolVersion) {
    return refusal(
      "version-mismatch",
      `the server speaks protocol ${protocolVersion} (package ${expected.package}), ` +
        `the node protocol ${hello.protocol} (package ${hello.package}): install the same version on both`,
    );
  }
  if (hello.package === expected.package) return undefined;
  return refusal(
    "version-mismatch",
    `the server runs package ${expected.package}, the node ${hello.package}: install the same version on both`,
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

function keyRequired(): Refused {
  return refusal(
    "key-required",
    "the server asks for a key, and the node was given none: start the node with the key that the server printed",
  );
}

function keyMismatch(what: string): Refused {
  return refusal("key-mismatch", `${what}: start the node with the key that the server printed`);
}

function refusal(code: RefusalCode, message: string): Refused {
  return { type: "refused", code, message, retry: false };
}

function unexpected(message: ControlMessage, from: string): WireError {
  return new WireError("handshake-unexpected", `the ${from} sent ${quote(message.type)} out of its turn`);
}

function checkKey(key: string | undefined): void {
  if (key === "") throw new RangeError("the key is empty: give one of at least one character, or none");
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function secureRandomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}
