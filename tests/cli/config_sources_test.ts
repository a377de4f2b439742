import { assertEquals, assertRejects } from "jsr:@std/assert@^1";
import type { FlagValue } from "../../cli/args.ts";
import { configFlags, gatherConfig } from "../../cli/config_sources.ts";
import { UsageError } from "../../cli/errors.ts";
import { defaultConfig } from "../../server/config.ts";

interface Given {
  file?: string;
  env?: Record<string, string>;
  flags?: Record<string, FlagValue>;
}

async function gather({ file, env = {}, flags = {} }: Given) {
  const { config } = await gatherConfig({
    flags: new Map(Object.entries(file === undefined ? flags : { config: "lab.json", ...flags })),
    environment: (variable) => env[variable],
    readFile: () => Promise.resolve(file ?? ""),
  });
  return config;
}

Deno.test("settings are the defaults when nothing is given", async () => {
  assertEquals(await gather({}), defaultConfig);
});

Deno.test("flags win over the environment, and that over the file", async () => {
  const file = '{ "port": 1, "heartbeatMs": 100, "name": "file", "compress": false }';
  const env = { GRISTMILL_PORT: "2", GRISTMILL_HEARTBEAT: "200", GRISTMILL_ENCRYPT: "true" };
  const config = await gather({ file, env, flags: { port: 3 } });
  assertEquals(config, {
    ...defaultConfig,
    port: 3,
    heartbeatMs: 200,
    name: "file",
    compress: false,
    encrypt: true,
  });
});

Deno.test("a wrong setting is refused with the place where it stands", async () => {
  const cases: [Given, string[]][] = [
    [{ file: '{ "portt": 1 }' }, ["lab.json", '"portt"']],
    [{ file: '{ "port": "1" }' }, ["lab.json", 'port = "1"', "a number"]],
    [{ file: "[]" }, ["lab.json", "JSON object"]],
    [{ file: "{" }, ["lab.json", "line 1, column 2", "JSON"]],
    [{ env: { GRISTMILL_PORT: "many" } }, ["GRISTMILL_PORT", '"many"', "a number"]],
    [{ env: { GRISTMILL_PORT: "70000" } }, ["GRISTMILL_PORT", "70000", "65535"]],
    [{ env: { GRISTMILL_COMPRESS: "maybe" } }, ["GRISTMILL_COMPRESS", "true or false"]],
    [{ flags: { "log-level": "loud" } }, ["--log-level", '"loud"', "debug, info, warn, error"]],
    [{ flags: { workers: 1.5 } }, ["--workers", "1.5", "whole number"]],
  ];
  for (const [given, parts] of cases) {
    const { message } = await assertRejects(() => gather(given), UsageError);
    for (const part of parts) assertEquals([part, message.includes(part)], [part, true], message);
    assertEquals(message.includes("\n"), false);
  }
});

Deno.test("a token that cannot be used is not shown", async () => {
  const { message } = await assertRejects(() => gather({ file: '{ "token": 12345 }' }), UsageError);
  assertEquals(message.includes("12345"), false);
});

Deno.test("a settings file that is no JSON is refused with the place, and nothing of what stands there", async () => {
  const cases: [file: string, place: string][] = [
    ['{ "token": secret-of-many }', "line 1, column 12"],
    ['{\n  "port": 1,\n  "token": "secret-of-many" "name": "lab"\n}', "line 3, column 29"],
    ['{ "token": "secret-of-many }', "line 1, column 29"],
    ['{\n  "token": "secret\nof-many" }', "line 2, column 19"],
    ['{ "token": "secret-\\of-many" }', "line 1, column 21"],
    ['{ "token": "secret-of-many", }', "line 1, column 30"],
    ['{ "token": "secret-of-many" } "of-many"', "line 1, column 31"],
    ["token=secret-of-many", "line 1, column 2"],
    ["", "line 1, column 1"],
  ];
  for (const [file, place] of cases) {
    const error = await assertRejects(() => gather({ file }), UsageError);
    assertEquals(error.message, `Cannot read the settings in lab.json: from ${place} on it is no JSON`);
    assertEquals(error.cause, undefined);
  }
});

Deno.test("a settings file that is not there is refused by name", async () => {
  const flags = new Map([["config", "./no-such-settings.json"]]);
  await assertRejects(
    () => gatherConfig({ flags, environment: () => undefined }),
    UsageError,
    "Cannot read the settings in ./no-such-settings.json: there is no such file",
  );
});

Deno.test("every setting has a flag of its own type", () => {
  const flags = configFlags(() => true);
  assertEquals(flags.find(({ name }) => name === "heartbeat")?.type, "number");
  assertEquals(flags.find(({ name }) => name === "log-level")?.placeholder, "debug|info|warn|error");
  assertEquals(new Set(flags.map(({ name }) => name)).size, Object.keys(defaultConfig).length);
});
