/** Each verb with exactly the permissions that docs/SECURITY.md states for it. */
import { assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { dirname, join as joinPath } from "node:path";
import { fileURLToPath } from "node:url";
import { createToken, nodeToken } from "../../actors/remote/token.ts";
import { gristmill, jobPath, join, serve, temporaryFolder } from "./harness.ts";

/** Where the jobs of these tests, and what they import, are. */
const code = dirname(dirname(fileURLToPath(new URL(".", import.meta.url))));

async function runs(args: string[], permissions: string[], cwd?: string) {
  await using process = gristmill(args, { permissions, cwd });
  const exit = await process.exit();
  assertEquals(exit.code, 0, exit.stderr);
  return exit;
}

Deno.test("run needs to read the job, with a journal to write it, with processes to start Deno", async () => {
  using folder = temporaryFolder();
  const read = `--allow-read=${code}`;
  const small = ["run", "--workers", "1"];
  assertEquals((await runs([...small, jobPath("sum.ts")], [read])).stdout, "sum 328350\n");
  const processes = [...small, "--isolation", "process", jobPath("sum.ts")];
  assertEquals((await runs(processes, [read, `--allow-run=${Deno.execPath()}`])).stdout, "sum 328350\n");

  const journal = joinPath(folder.path, "sum.journal");
  const kept = [`--allow-read=${code},${folder.path}`, `--allow-write=${folder.path}`];
  assertEquals((await runs([...small, "--journal", journal, jobPath("sum.ts")], kept)).stdout, "sum 328350\n");
  assertMatch((await runs(["joblog", journal], [`--allow-read=${folder.path}`])).stdout, /\b99\b/);
});

Deno.test("serve, node and control need the network to one address, and to read what they are given", async () => {
  using folder = temporaryFolder();
  const token = createToken();
  const file = (name: string, text: string) => {
    const path = joinPath(folder.path, name);
    Deno.writeTextFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const operators = file("op.token", token);
  const nodes = file("node.token", await nodeToken(token));
  const read = `--allow-read=${code},${folder.path}`;
  const permissions = ["--allow-net=127.0.0.1:0", read, `--allow-write=${folder.path}`];
  const args = ["--encrypt", "--token-file", operators, "--journal", joinPath(folder.path, "sum.journal")];
  await using server = await serve("never_returns.ts", args, { permissions });
  const [, fingerprint] = await server.line(/--fingerprint (\S+)/);
  const pinned = ["--encrypt", "--fingerprint", fingerprint];
  const net = `--allow-net=${server.address}`;
  await using node = join(server.address, "never_returns.ts", [...pinned, "--token-file", nodes], {
    permissions: [net, read],
  });
  await server.line(/joined/);
  const control = ["--join", server.address, ...pinned, "--token-file", operators];
  await runs(["control", "status", ...control], [net, `--allow-read=${operators}`]);
  await runs(["control", "stop", ...control], [net, `--allow-read=${operators}`]);
  assertEquals((await node.exit()).code, 0);
});

Deno.test("token needs nothing, or to read its file; cert needs to write its files", async () => {
  using folder = temporaryFolder();
  const { stdout } = await runs(["token"], []);
  const file = joinPath(folder.path, "op.token");
  Deno.writeTextFileSync(file, stdout, { mode: 0o600 });
  assertMatch((await runs(["token", "--node", "--token-file", file], [`--allow-read=${file}`])).stdout, /^gm_node_/);
  const files = ["gristmill.pem", "gristmill-key.pem"].map((name) => joinPath(folder.path, name));
  await runs(["cert"], [`--allow-write=${files.join(",")}`], folder.path);
});
