import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../process/harness.ts";
import { root } from "../project_files.ts";
import { door, type Ended, run, skip } from "./door.ts";
import { ownProgram, ownProgramPrints } from "./program.ts";

const name = "a user's own program becomes one file that is server and node, and runs alone";

/**
 * The Deno that compiles. On a machine that cannot download the runtime for compiled programs, `DENORT_BIN` names one,
 * and `DENO_FOR_COMPILE` a Deno that fits it.
 */
const compiler = Deno.env.get("DENO_FOR_COMPILE") ?? Deno.execPath();

async function compile(source: string, output: string): Promise<Ended> {
  const doorFlags = door === "npm" ? ["--import-map=npm/import_map.json"] : [];
  const flags = ["--no-check", "--node-modules-dir=none", "--unstable-worker-options", "--no-prompt", "-A"];
  const env = { DENO_TLS_CA_STORE: "mozilla,system" };
  return await run(compiler, ["compile", ...doorFlags, ...flags, "--output", output, source], { cwd: root, env });
}

/** Reads lines until one begins with `start`, and returns the rest of that line. */
async function lineAfter(start: string, stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const line = text.split("\n").slice(0, -1).find((line) => line.startsWith(start));
    if (line !== undefined) return line.slice(start.length).trim();
  }
  throw new Error(`no line begins with ${start} in:\n${text}`);
}

/** Ends a process that a failed step has left behind. */
async function end(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
  await process.status;
}

Deno.test(name, async (t) => {
  using workshop = temporaryFolder();
  using elsewhere = temporaryFolder();
  const source = `${workshop.path}/squares.ts`;
  const program = `${elsewhere.path}/squares`;
  // Relative, as in a project: an absolute specifier would name the file itself, not its copy in the program.
  Deno.writeTextFileSync(
    source,
    ownProgram(relative(workshop.path, fileURLToPath(new URL("mod.ts", root))).replaceAll("\\", "/")),
  );
  const compiled = await compile(source, program);
  if (compiled.code !== 0 && /denort/.test(compiled.stderr)) {
    return skip(
      name,
      "the runtime of compiled programs cannot be downloaded; DENORT_BIN and DENO_FOR_COMPILE name one",
    );
  }
  assertEquals(compiled.code, 0, compiled.stderr);
  Deno.removeSync(source);

  await t.step("it runs its job on this machine when no verb is given", async () => {
    const ended = await run(program, [], { cwd: elsewhere.path });
    assertEquals(ended.code, 0, ended.stderr);
    assertStringIncludes(ended.stdout, ownProgramPrints);
  });

  await t.step("it is the process of each slot where slots are to be processes", async () => {
    const ended = await run(program, ["run", "--workers", "2", "--isolation", "process"], { cwd: elsewhere.path });
    assertEquals(ended.code, 0, ended.stderr);
    assertStringIncludes(ended.stdout, ownProgramPrints);
  });

  await t.step("one copy serves, another one computes", async () => {
    const server = new Deno.Command(program, {
      args: ["serve", "--port", "0", "--quiet", "--log-level", "error"],
      cwd: elsewhere.path,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    try {
      const [forAddress, forOutput] = server.stdout.tee();
      const output = new Response(forOutput).text();
      const address = await lineAfter("listening on ", forAddress);
      const node = await run(program, ["node", "--join", address], { cwd: elsewhere.path });
      assertEquals(node.code, 0, node.stderr);
      assertStringIncludes(await output, ownProgramPrints);
      assertEquals((await server.status).code, 0);
    } finally {
      await end(server);
    }
  });
});
