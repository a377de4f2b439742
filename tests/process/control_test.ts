import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { createToken, nodeToken } from "../../actors/remote/token.ts";
import { gristmill, join, serve } from "./harness.ts";

const withToken = (token: string) => ({ env: { GRISTMILL_TOKEN: token } });

Deno.test("control steers a real server: it sees its nodes, and stops it", async () => {
  const token = createToken();
  const nodes = await nodeToken(token);
  await using server = await serve("never_returns.ts", [], withToken(token));
  await using node = join(server.address, "never_returns.ts", ["--name", "only"], withToken(nodes));
  await server.line(/node only joined/);
  const control = async (words: string[], secret = token) => {
    await using process = gristmill(["control", ...words, "--join", server.address], withToken(secret));
    return await process.exit();
  };

  const status = await control(["status", "--json"]);
  assertEquals([status.code, JSON.parse(status.stdout).nodes], [0, 1]);
  assertMatch((await control(["nodes"])).stdout, /^[0-9a-f]{16} {2}here {2}only {2}1 slots {2}127\.0\.0\.1:\d+\n$/);

  const refused = await control(["stop"], nodes);
  assertEquals(refused.code, 3);
  assertMatch(refused.stderr, /^error: Cannot give orders to [^\n]* orders are for operators[^\n]*\n$/);
  const unknown = await control(["drain-node", "nobody"]);
  assertEquals([unknown.code, unknown.stdout], [1, ""]);
  assertStringIncludes(unknown.stderr, '"nobody"');

  assertEquals((await control(["stop", "enough"])).stdout, "the job is stopped\n");
  assertEquals((await node.exit()).code, 0);
  const { code, stderr } = await server.exit();
  assertEquals(code, 1);
  assertStringIncludes(stderr, "error: enough");
});

Deno.test("control says what is wrong with its words, and when nobody is there", async () => {
  const cases: [string[], number, string][] = [
    [["--join", "localhost:1"], 2, "No action: status, nodes"],
    [["paus", "--join", "localhost:1"], 2, "did you mean pause?"],
    [["drain-node", "--join", "localhost:1"], 2, "Cannot drain-node without NODE"],
    [["message", "{", "--join", "localhost:1"], 2, 'Cannot read the message "{"'],
    [["status"], 2, "--join HOST:PORT"],
    [["status", "--join", "localhost:1"], 3, "Cannot give orders to localhost:1"],
  ];
  for (const [words, code, message] of cases) {
    await using process = gristmill(["control", ...words]);
    const exit = await process.exit();
    assertEquals([exit.code, exit.stdout], [code, ""]);
    assertMatch(exit.stderr, /^error: [^\n]+\n$/);
    assertStringIncludes(exit.stderr, message);
  }
});
