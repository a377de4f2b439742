import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { countIterations, sumOf } from "../../examples/mandelbrot/kernel.ts";
import { temporaryFolder } from "../process/harness.ts";
import { door, run, serveProject } from "./door.ts";

Deno.test("the command runs from a plain web server, with the job from there too and no checkout", async () => {
  await using server = serveProject();
  using cache = temporaryFolder();
  using folder = temporaryFolder();
  const { host } = new URL(server.url);
  const flags = [
    ...(door === "npm" ? [`--import-map=${server.url}npm/import_map.json`] : []),
    "--unstable-worker-options",
    "--no-prompt",
    "--allow-read",
    "--allow-write=.",
    `--allow-net=${host}`,
    "--allow-import",
  ];
  const command = ["run", `${server.url}examples/mandelbrot/job.ts`, "--nodes", "2", "--", "--size", "64"];
  const ended = await run(Deno.execPath(), ["run", ...flags, `${server.url}main.ts`, ...command], {
    cwd: folder.path,
    // A cache of its own, for what a first run has to fetch.
    env: { DENO_DIR: cache.path },
  });
  assertEquals(ended.code, 0, ended.stderr);
  const total = sumOf(countIterations({ x: 0, y: 0, width: 64, height: 64 }, 64, 1000));
  assertStringIncludes(ended.stdout, `iterations total: ${total}\n`);
  assertEquals([...Deno.readDirSync(folder.path)].map((entry) => entry.name), ["mandelbrot.png"]);
});
