import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { temporaryFolder } from "../process/harness.ts";
import { root } from "../project_files.ts";
import { door, run, skip } from "./door.ts";
import { ownProgram, ownProgramPrints } from "./program.ts";

const isJsrReached = door === "jsr";
const why = "this run came in by the npm door; the JSR door is deno test without an import map";

Deno.test("the package can be published", async () => {
  if (!isJsrReached) return skip("the package can be published", why);
  // With its type check, here against the types of the five packages themselves.
  const ended = await run(Deno.execPath(), ["publish", "--dry-run", "--allow-dirty"], { cwd: root });
  assertEquals(ended.code, 0, ended.stderr);
});

/** The package as a registry has it: JSR once it is published, before that a mirror that JSR_URL names. */
async function isPublished(): Promise<boolean> {
  const args = ["info", "--json", "jsr:@gristmill/gristmill"];
  const { code, stdout } = await run(Deno.execPath(), args, { cwd: Deno.cwd() });
  return code === 0 && !JSON.parse(stdout).modules.some((module: { error?: string }) => module.error);
}

Deno.test("a program imports the package from JSR and computes with it", async () => {
  const name = "a program imports the package from JSR and computes with it";
  if (!isJsrReached) return skip(name, why);
  if (!await isPublished()) return skip(name, "the package is not on JSR, or on the mirror that JSR_URL names");
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/squares.ts`, ownProgram("jsr:@gristmill/gristmill"));
  const args = ["run", "--no-lock", "--unstable-worker-options", "--no-prompt", "--allow-read", "squares.ts"];
  const ended = await run(Deno.execPath(), args, { cwd: folder.path });
  assertEquals(ended.code, 0, ended.stderr);
  assertStringIncludes(ended.stdout, ownProgramPrints);
});

Deno.test("the command runs from JSR", async () => {
  const name = "the command runs from JSR";
  if (!isJsrReached) return skip(name, why);
  if (!await isPublished()) return skip(name, "the package is not on JSR, or on the mirror that JSR_URL names");
  using folder = temporaryFolder();
  const ended = await run(Deno.execPath(), ["run", "jsr:@gristmill/gristmill/main", "version"], { cwd: folder.path });
  assertEquals(ended.code, 0, ended.stderr);
  assertStringIncludes(ended.stdout, "gristmill ");
});
