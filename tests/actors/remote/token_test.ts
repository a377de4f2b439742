import { assertEquals, assertMatch, assertNotEquals } from "jsr:@std/assert@^1";
import { createToken, nodeToken, tokenFault } from "../../../actors/remote/token.ts";

Deno.test("each token that is made is another one, of 32 bytes", () => {
  const tokens = [createToken(), createToken()];
  for (const token of tokens) assertMatch(token, /^gm_op_[\w-]{43}$/);
  assertNotEquals(tokens[0], tokens[1]);
  assertEquals(tokenFault(tokens[0]), undefined);
});

Deno.test("the nodes' token follows from another one, and from itself", async () => {
  const token = createToken();
  const nodes = await nodeToken(token);
  assertMatch(nodes, /^gm_node_[\w-]{43}$/);
  assertEquals([await nodeToken(token), await nodeToken(nodes)], [nodes, nodes]);
  assertNotEquals(await nodeToken(createToken()), nodes);
  assertEquals(tokenFault(nodes), undefined);
});
