import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { createToken } from "../../actors/remote/token.ts";
import { serve, temporaryFolder } from "./harness.ts";

/** Runs a line as a person would who pastes it into a shell in the project's folder. */
async function paste(line: string): Promise<{ code: number; text: string }> {
  const root = new URL("../../", import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", line], cwd: root, stdin: "null" })
    .output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test({
  name: "the lines that serve prints work as they are pasted",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using folder = temporaryFolder();
    const tokenFile = `${folder.path}/op token`;
    Deno.writeTextFileSync(tokenFile, createToken(), { mode: 0o600 });
    await using server = await serve("sum.ts", ["--encrypt", "--token-file", tokenFile]);
    const [, node] = await server.line(/^join with: (.*)$/);
    const [, token] = await server.line(/^its token: (.*)$/);
    // Both speak of a file in the working folder, which here is the project's.
    const own = (line: string) => line.replace("node.token", `${folder.path}/node.token`);
    const made = await paste(own(token));
    assertEquals(made.code, 0, made.text);
    assertEquals(Deno.statSync(`${folder.path}/node.token`).mode! & 0o777, 0o600);
    const joined = await paste(own(node));
    assertEquals(joined.code, 0, joined.text);
    assertStringIncludes((await server.exit()).stdout, "sum 328350\n");
  },
});
