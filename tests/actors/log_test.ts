import { assert, assertEquals, assertMatch, assertThrows } from "jsr:@std/assert@^1";
import { createLogger, type LoggerOptions, type LogLevel } from "../../actors/mod.ts";

/** The text that a logger has written to a file, its times cut off. */
function written(options: LoggerOptions, write: (log: ReturnType<typeof createLogger>) => void): string {
  const file = Deno.makeTempFileSync();
  try {
    write(createLogger({ ...options, file }));
    return Deno.readTextFileSync(file).replaceAll(/^\d{4}-\d\d-\d\dT[\d:.]+Z /gm, "");
  } finally {
    Deno.removeSync(file);
  }
}

Deno.test("logger writes its level and what is graver", () => {
  const levels: LogLevel[] = ["debug", "info", "warn", "error"];
  const lines = (level?: LogLevel) => {
    return written({ level }, (log) => levels.forEach((name) => log[name]("x"))).split("\n").length - 1;
  };
  assertEquals(levels.map(lines), [4, 3, 2, 1]);
  assertEquals(lines(), 3);
  assertThrows(
    () => createLogger({ level: "loud" as LogLevel }),
    RangeError,
    "level is loud, want debug, info, warn, error",
  );
});

Deno.test("logger prints fields behind the text", () => {
  const text = written({ prefix: "mill" }, (log) => {
    log.warn("low water", { cm: 31, where: "the weir", none: undefined, list: [1, 2n], empty: "", nothing: null });
  });
  assertEquals(text, 'WARN  mill: low water cm=31 where="the weir" list=[1,"2"] empty="" nothing=null\n');
});

Deno.test("logger prints an error with its stack and its causes", () => {
  const text = written(
    {},
    (log) => log.error("stopped", { cause: new Error("outer", { cause: new TypeError("inner") }) }),
  );
  assertMatch(text, /^ERROR stopped\n {4}Error: outer\n {8}at [^]*\n {4}caused by TypeError: inner\n {8}at /);
});

Deno.test("logger keeps a text from looking like another line, and from steering a terminal", () => {
  const text = written({}, (log) => log.info("one\nERROR two\r\x1b[31m\u009b", { evil: "a\nb\x1b" }));
  assertEquals(text, 'INFO  one\n    ERROR two\\x0d\\x1b[31m\\x9b evil="a\\nb\\u001b"\n');
});

Deno.test("logger writes JSON lines, whatever the fields hold", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const lines = written({ json: true, prefix: "mill" }, (log) => {
    log.info("plain\ntext", { count: 3n, text: "not the text", cause: new RangeError("far") });
    log.info("odd", { circular });
  }).trimEnd().split("\n").map((line) => JSON.parse(line));
  const [{ cause, time, ...plain }, odd] = lines;
  assertEquals(plain, { level: "info", prefix: "mill", text: "plain\ntext", count: "3" });
  assertEquals([cause.name, cause.message], ["RangeError", "far"]);
  assert(!Number.isNaN(Date.parse(time)));
  assertEquals([odd.text, odd.circular], ["odd", "[object Object]"]);
});

Deno.test("logger that cannot write loses the line and nothing else", () => {
  createLogger({ file: "/nowhere/at/all.log" }).error("lost");
});

Deno.test("logger writes to the standard error by default, and nothing to the standard output", async () => {
  const module = JSON.stringify(new URL("../../actors/mod.ts", import.meta.url).href);
  const code = `const { createLogger, createSystem } = await import(${module});
    createLogger().info("hello");
    const system = createSystem();
    system.spawn(() => () => { throw new Error("default logger"); }, { name: "a" }).tell("x");
    await new Promise((resolve) => setTimeout(resolve, 0));
    await system.stop();`;
  const isNpmDoor = import.meta.resolve("jsr:@std/log@^0.224").startsWith("file:");
  const door = isNpmDoor ? ["--import-map=npm/import_map.json", "--node-modules-dir=manual"] : [];
  const script = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(script, code);
  const args = ["run", "--no-check", "--quiet", "-A", ...door, script];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: new URL("../../", import.meta.url),
    stdin: "null",
  }).output();
  await Deno.remove(script);
  const text = new TextDecoder().decode(stderr);
  assertEquals(stdout.length, 0);
  assertMatch(text, /INFO {2}hello\n/);
  assertMatch(text, /ERROR actor failed actor=system\/a message=string then=stop\n {4}Error: default logger\n/);
});
