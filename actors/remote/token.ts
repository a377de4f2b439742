/**
 * Tokens: what server, nodes and operators prove to know. Specified in docs/protocol.md.
 *
 * An operator's token opens everything. The nodes' token is derived from it one way, so whoever has it can be a node
 * and nothing else. Any other text of enough characters may stand in for an operator's token.
 *
 * @module
 */

/** What a client of a server may do: compute, or steer. */
export type Role = "node" | "operator";

/** The least length of a token, in UTF-16 code units. */
export const tokenLengthMin = 16;

const prefixes: Readonly<Record<Role, string>> = { operator: "gm_op_", node: "gm_node_" };
const randomLength = 32;
const derivation = "gristmill node token";
const encoder = new TextEncoder();
const hmac = { name: "HMAC", hash: "SHA-256" };

/** 32 bytes in the 43 characters of base64url. */
const written = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

/** Makes a token for operators that cannot be guessed. */
export function createToken(): string {
  return prefixes.operator + written(crypto.getRandomValues(new Uint8Array(randomLength)));
}

/** Whether it is a token that only nodes may use. */
export function isNodeToken(token: string): boolean {
  return token.startsWith(prefixes.node);
}

/** Whether it was made for operators. */
export function isOperatorToken(token: string): boolean {
  return token.startsWith(prefixes.operator);
}

/** What is wrong with a token, as the end of a sentence that begins with "it must be", or `undefined`. */
export function tokenFault(token: string): string | undefined {
  if (isNodeToken(token) || isOperatorToken(token)) {
    return /^gm_(op|node)_[\w-]{43}$/.test(token) ? undefined : "a whole token; this one was cut or changed";
  }
  if (token.length >= tokenLengthMin) return undefined;
  return `at least ${tokenLengthMin} characters long; \`gristmill token\` makes one that cannot be guessed`;
}

/** Checks a token. @throws {RangeError} If it is too short, or one of ours that was damaged. */
export function checkToken(token: string): void {
  const fault = tokenFault(token);
  if (fault !== undefined) throw new RangeError(`Cannot use this token: it must be ${fault}`);
}

/** The token for nodes that belongs to an operator's token; a token for nodes stays what it is. */
export async function nodeToken(token: string): Promise<string> {
  if (isNodeToken(token)) return token;
  const key = await crypto.subtle.importKey("raw", encoder.encode(token), hmac, false, ["sign"]);
  return prefixes.node + written(new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(derivation))));
}

/**
 * The key that a role proves to know.
 *
 * @returns `undefined` if a token for nodes is to serve an operator.
 */
export async function proofKey(token: string, role: Role): Promise<CryptoKey | undefined> {
  if (role === "operator" && isNodeToken(token)) return undefined;
  const secret = role === "node" ? await nodeToken(token) : token;
  return await crypto.subtle.importKey("raw", encoder.encode(secret), hmac, false, ["sign", "verify"]);
}
