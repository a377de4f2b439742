import { assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { gristmill, jobPath, join, serve, temporaryFolder } from "./harness.ts";

Deno.test("large data comes as it was sent, and stays so for whoever keeps it", async () => {
  await using server = await serve("large.ts");
  await using first = join(server.address, "large.ts");
  await using second = join(server.address, "large.ts");
  const { code, stdout, stderr } = await server.exit();
  assertEquals([code, stdout.match(/^sum .*$/m)?.[0]], [0, "sum 7140"], stderr);
  assertMatch(stderr, /complete: 120 tasks in .* on 2 nodes, 0 retried/);
  for (const node of [first, second]) assertEquals((await node.exit()).code, 0);
});

Deno.test("large data reaches workers in processes, and comes back", async () => {
  const args = ["run", "--isolation", "process", "--nodes", "1", "--workers", "2", jobPath("large.ts")];
  await using process = gristmill(args);
  const { code, stdout, stderr } = await process.exit();
  assertEquals([code, stdout], [0, "sum 7140\n"], stderr);
  assertMatch(stderr, /complete: 120 tasks in .*, 0 retried/);
});

Deno.test("large data comes as it was sent over TLS", async () => {
  using folder = temporaryFolder();
  await using server = await serve("large.ts", ["--encrypt"], { cwd: folder.path });
  const [, fingerprint] = await server.line(/^join with: .* --fingerprint (\S+) /);
  await using node = join(server.address, "large.ts", ["--encrypt", "--fingerprint", fingerprint]);
  const { code, stdout, stderr } = await server.exit();
  assertEquals([code, stdout.match(/^sum .*$/m)?.[0]], [0, "sum 7140"], stderr);
  assertEquals((await node.exit()).code, 0);
});
