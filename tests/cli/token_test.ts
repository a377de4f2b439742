import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { nodeToken } from "../../actors/remote/token.ts";
import { runCli } from "../../cli/cli.ts";
import { fakeTerminal } from "./fake_terminal.ts";

async function token(args: string[], environment: Record<string, string> = {}) {
  const terminal = fakeTerminal();
  const code = await runCli(["token", ...args], { terminal, environment: (name) => environment[name] });
  return { code, out: terminal.printed.join("\n"), err: terminal.notes.join("\n") };
}

/** A file with these contents, for as long as it is used. */
function tokenFile(text: string, mode = 0o600): Disposable & { readonly path: string } {
  const path = Deno.makeTempFileSync();
  Deno.writeTextFileSync(path, text);
  if (Deno.build.os !== "windows") Deno.chmodSync(path, mode);
  return { path, [Symbol.dispose]: () => Deno.removeSync(path) };
}

const secret = "a secret of many";

Deno.test("token makes a token", async () => {
  const { code, out, err } = await token([]);
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^gm_op_[\w-]{43}$/);
});

Deno.test("token --node takes a token from a file, the environment or a flag, and warns of the flag", async () => {
  using file = tokenFile(`${secret}\n`);
  const wanted = await nodeToken(secret);
  assertEquals(await token(["--node", "--token-file", file.path]), { code: 0, out: wanted, err: "" });
  assertEquals(await token(["--node"], { GRISTMILL_TOKEN_FILE: file.path }), { code: 0, out: wanted, err: "" });
  assertEquals(await token(["--node"], { GRISTMILL_TOKEN: secret }), { code: 0, out: wanted, err: "" });
  const shown = await token(["--node", "--token", secret]);
  assertEquals([shown.code, shown.out], [0, wanted]);
  assertMatch(shown.err, /^warning: --token shows in the list of processes: use --token-file/);
});

Deno.test("a later source of a token takes the place of an earlier one, whichever way it gives it", async () => {
  using file = tokenFile(secret);
  const wanted = await nodeToken(secret);
  const other = "another secret of many";
  assertEquals((await token(["--node", "--token-file", file.path], { GRISTMILL_TOKEN: other })).out, wanted);
  assertEquals((await token(["--node", "--token", secret], { GRISTMILL_TOKEN_FILE: "/no/such" })).out, wanted);
  const both = await token(["--node", "--token", secret, "--token-file", file.path]);
  assertEquals([both.code, both.err.includes("two tokens")], [2, true]);
});

Deno.test({
  name: "a token that others can read is warned of, with the command that mends it",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using file = tokenFile(secret, 0o640);
    const warning = (path: string) => `warning: ${path} holds a token and can be read by others: chmod 600 ${path}`;
    const { code, err } = await token(["--node", "--token-file", file.path]);
    assertEquals(code, 0);
    assertEquals(err, warning(file.path));

    using settings = tokenFile(JSON.stringify({ token: secret }), 0o604);
    assertEquals(await token(["--node", "--config", settings.path]), {
      code: 0,
      out: await nodeToken(secret),
      err: warning(settings.path),
    });
    const overridden = await token(["--node", "--config", settings.path], {
      GRISTMILL_TOKEN: "another secret of many",
    });
    assertEquals(overridden, { code: 0, out: await nodeToken("another secret of many"), err: "" });

    using none = tokenFile(JSON.stringify({ token: "", port: 2000 }), 0o644);
    assertEquals((await token(["--node", "--config", none.path], { GRISTMILL_TOKEN: secret })).err, "");
  },
});

Deno.test("a token that cannot be used is refused, and shown nowhere", async () => {
  using short = tokenFile("hunter2");
  using two = tokenFile("a token\nand another\n");
  using cut = tokenFile("gm_op_cut");
  const cases: [string[], Record<string, string>, string][] = [
    [["--token-file", short.path], {}, "at least 16 characters long; `gristmill token` makes one"],
    [["--token-file", two.path], {}, "one line"],
    [["--token-file", cut.path], {}, "a whole token"],
    [["--token-file", "/no/such/file"], {}, "there is no such file"],
    [[], { GRISTMILL_TOKEN: "hunter2" }, "GRISTMILL_TOKEN: Cannot use token = (hidden): it must be at least 16"],
    [[], {}, "No token"],
    [["hunter2"], {}, "Unexpected argument"],
  ];
  for (const [args, environment, message] of cases) {
    const { code, out, err } = await token(["--node", ...args], environment);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, message);
    if (!args.includes("hunter2")) assertEquals(err.includes("hunter2"), false);
  }
});
