import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { bridgeVerb } from "../../node/process_bridge.ts";
import { workerUrlFor } from "../../node/worker_url.ts";
import { gristmill, jobPath } from "./harness.ts";

Deno.test("a job runs with each slot in a process of its own", async () => {
  await using process = gristmill(["run", "--workers", "2", "--isolation", "process", jobPath("sum.ts")]);
  const { code, stdout, stderr } = await process.exit();
  assertEquals([code, stdout], [0, "sum 328350\n"], stderr);
});

Deno.test("without the permission to start processes, isolation says which one is missing", async () => {
  const permissions = ["--allow-read", "--allow-env", "--allow-sys"];
  await using process = gristmill(["run", "--isolation", "process", jobPath("sum.ts")], { permissions });
  const { code, stderr } = await process.exit();
  assert(code !== 0);
  assertStringIncludes(stderr, "no process could be started for it: Requires run access");
});

Deno.test("the command serves as a slot's process, and ends with its input", async () => {
  const workerUrl = workerUrlFor(new URL("jobs/sum.ts", import.meta.url).href);
  await using process = gristmill([bridgeVerb, workerUrl, "0"]);
  assertEquals((await process.exit()).code, 0);
});

Deno.test("isolation and memory are checked before anything is started", async () => {
  for (const [flag, value] of [["--isolation", "thread"], ["--worker-memory", "-5"]]) {
    await using process = gristmill(["run", flag, value, jobPath("sum.ts")]);
    const { code, stderr } = await process.exit();
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, flag);
  }
});
