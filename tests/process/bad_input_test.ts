import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { gristmill, jobPath, join, otherVersionMap, type Process, serve, type StartOptions } from "./harness.ts";

/** Expects a process to end with one line that begins with `error: `, and nothing else on either output. */
async function assertRefuses(process: Process, code: number, parts: string[]): Promise<void> {
  const exit = await process.exit();
  assertEquals(exit.code, code, exit.stderr);
  assertEquals(exit.stdout, "");
  assertMatch(exit.stderr, /^error: [^\n]+\n$/);
  for (const part of parts) assertStringIncludes(exit.stderr, part);
}

async function refuses(args: string[], parts: string[], options?: StartOptions): Promise<void> {
  await using process = gristmill(args, options);
  await assertRefuses(process, 2, parts);
}

Deno.test("a job file that is not there is refused with its path", async () => {
  await refuses(["run", "no/such/job.ts"], ["no/such/job.ts", "there is no file /"]);
});

Deno.test("a module without a job is refused", async () => {
  await refuses(["run", jobPath("no_default.ts")], ["no_default.ts", "no default export", "defineJob"]);
});

Deno.test("a module that throws is refused with the place where it threw", async () => {
  await using process = gristmill(["run", jobPath("throws_on_import.ts")]);
  const { code, stderr } = await process.exit();
  assertEquals(code, 2);
  assertMatch(stderr, /^error: [^\n]*Error: cannot set up\n\s+at [^\n]*throws_on_import\.ts:2:/);
});

Deno.test("wrong words on the command line are refused", async () => {
  await refuses(["rum", jobPath("sum.ts")], ['Unknown verb "rum"', "did you mean run?"]);
  await refuses(["run"], ["No job", "--help"]);
  await refuses(["run", "--taks-timeout", "3", jobPath("sum.ts")], ["--taks-timeout", "did you mean --task-timeout?"]);
  await refuses(["run", "--count", "3", jobPath("sum.ts")], ["--count", "behind --"]);
  await refuses(["run", jobPath("sum.ts"), "--", "--cuont", "3"], ["--cuont", "--count"]);
  await refuses(["run", "--nodes", "0", jobPath("sum.ts")], ["--nodes", "0", "from 1 to"]);
  await refuses(["node", jobPath("sum.ts")], ["--join HOST:PORT"]);
  await refuses(["node", "--join", "lab1:99999", jobPath("sum.ts")], ["lab1:99999", "65535"]);
  await refuses(["run", jobPath("sum.ts")], ["GRISTMILL_PORT", "many"], { env: { GRISTMILL_PORT: "many" } });
});

Deno.test("a server for other machines demands a token", async () => {
  const mends = ["token > FILE", "--token-file FILE", "--insecure"];
  await refuses(["serve", "--host", "0.0.0.0", "--port", "0", jobPath("sum.ts")], ["0.0.0.0", ...mends]);
});

Deno.test("a port that is in use is refused by name", async () => {
  await using server = await serve("sum.ts");
  const port = server.address.split(":")[1];
  await refuses(["serve", "--port", port, jobPath("sum.ts")], [server.address, "in use", "--port"]);
});

Deno.test("a node gives up a server that cannot be reached, after its retries", async () => {
  // A port that was free a moment ago.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const limits = ["--retry-counter", "2", "--retry-delay", "1"];
  await using node = join(`127.0.0.1:${port}`, "sum.ts", [...limits, "--log-level", "error"]);
  await assertRefuses(node, 3, [`127.0.0.1:${port}`, "--retry-counter"]);
});

Deno.test("a node of another version is refused with both versions, and the server goes on", async () => {
  await using server = await serve("sum.ts");
  const quiet = ["--log-level", "error"];
  await using other = join(server.address, "sum.ts", quiet, { importMap: otherVersionMap("9.9.9") });
  await assertRefuses(other, 3, ["9.9.9", "0.1.0"]);
  await using node = join(server.address, "sum.ts");
  assertEquals((await node.exit()).code, 0);
  assertEquals((await server.exit()).code, 0);
});

Deno.test("a node with other code is refused, and the server goes on", async () => {
  await using server = await serve("sum.ts");
  const quiet = ["--log-level", "error"];
  await using changed = join(server.address, "sum_changed.ts", quiet);
  await assertRefuses(changed, 3, ["code"]);
  await using another = join(server.address, "throws_once.ts", quiet);
  await assertRefuses(another, 3, ["throws-once", "sum"]);
  await using node = join(server.address, "sum.ts");
  assertEquals((await node.exit()).code, 0);
  assertEquals((await server.exit()).code, 0);
});

Deno.test("a node with another token is refused, and the token is shown nowhere", async () => {
  await using server = await serve("sum.ts", [], { env: { GRISTMILL_TOKEN: "the right secret" } });
  const quiet = ["--log-level", "error"];
  await using wrong = join(server.address, "sum.ts", quiet, { env: { GRISTMILL_TOKEN: "the wrong secret" } });
  const why = "the node did not prove that it knows the token of the server";
  await assertRefuses(wrong, 3, [why, "token --node"]);
  await server.line(new RegExp(`client at 127\\.0\\.0\\.1:\\d+ refused: ${why}`));
  await using none = join(server.address, "sum.ts", quiet);
  await assertRefuses(none, 3, ["token"]);
  await using right = join(server.address, "sum.ts", quiet, { env: { GRISTMILL_TOKEN: "the right secret" } });
  assertEquals((await right.exit()).code, 0);
  const { code, stdout, stderr } = await server.exit();
  assertEquals(code, 0);
  assertEquals(/(right|wrong) secret/.test(stdout + stderr), false);
});
