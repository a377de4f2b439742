/** A job of far more than fits into the memory that it is allowed. */
import { assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { gristmill, jobPath } from "./harness.ts";

Deno.test("what is done is forgotten: 200 MB of tasks and 200 000 results pass through a heap of 80 MB", async () => {
  const permissions = ["--allow-read", "--v8-flags=--max-old-space-size=80"];
  // Collecting garbage in so little room takes long on a busy machine.
  const deadlineMs = 300_000;
  await using process = gristmill(["run", "--workers", "2", jobPath("long.ts")], { permissions, deadlineMs });
  const { code, stdout, stderr } = await process.exit();
  assertEquals([code, stdout], [0, "letters 201088890\n"], stderr);
  assertMatch(stderr, /^complete: 200000 tasks in .* on 1 node, 0 retried$/m);
});
