import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { gristmill, jobPath, join, serve } from "./harness.ts";

const run = (job: string, ...options: string[]) => gristmill(["run", "--workers", "1", ...options, jobPath(job)]);

Deno.test("a task that fails once is tried again", async () => {
  await using process = run("throws_once.ts");
  const { code, stdout, stderr } = await process.exit();
  assertEquals([code, stdout], [0, "sum 10\n"]);
  assertMatch(stderr, /^complete: 4 tasks in .* on 1 node, 4 retried$/m);
});

Deno.test("a task that fails always ends the job, with the node, the task, its attempts and its stack", async () => {
  await using process = run("throws_always.ts", "--max-attempts", "2");
  const { code, stderr } = await process.exit();
  assertEquals(code, 1);
  assertMatch(stderr, /^error: task 5 failed 2 times.* on node \S+: RangeError: no square for 5/m);
  assertMatch(stderr, /^\s+at failDeeply \(.*throws_always\.ts:4:/m);
  assertStringIncludes(stderr, "failed: ");
});

Deno.test("a result that cannot travel is named by its path", async () => {
  await using process = run("returns_function.ts", "--max-attempts", "1");
  const { code, stderr } = await process.exit();
  assertEquals(code, 1);
  assertMatch(stderr, /^error: task 0 failed once.*result\.items\[1\]\.callback/m);
});

Deno.test("a task that never returns is ended by its limit", async () => {
  await using process = run("never_returns.ts", "--max-attempts", "1", "--task-timeout", "300");
  const { code, stderr } = await process.exit();
  assertEquals(code, 1);
  assertMatch(stderr, /^error: task 1 failed once.* on node .*limit.*--task-timeout/m);
});

Deno.test("a job whose own books fail ends with its stack", async () => {
  await using process = run("collect_throws.ts");
  const { code, stderr } = await process.exit();
  assertEquals(code, 1);
  assertMatch(stderr, /^error: .*the disk is full/m);
  assertMatch(stderr, /collect_throws\.ts:9:/);
});

Deno.test("an error that a job leaves to nobody does not take the server down", async () => {
  await using process = run("stray_rejection.ts");
  const { code, stderr } = await process.exit();
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "nobody waits for this");
  assertStringIncludes(stderr, "nobody can catch this");
});

Deno.test("garbage and silence on the port cost the server nothing", async () => {
  await using server = await serve("sum.ts");
  const [hostname, port] = server.address.split(":");
  const dial = () => Deno.connect({ hostname, port: Number(port) });
  using _silent = await dial();
  const garbage = [
    new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    new Uint8Array(64).fill(0xff),
    crypto.getRandomValues(new Uint8Array(8_192)),
  ];
  for (const bytes of garbage) {
    using connection = await dial();
    await connection.write(bytes);
    // The server hangs up; it may do so with a reset.
    await connection.readable.pipeTo(new WritableStream()).catch(() => {});
  }
  await using node = join(server.address, "sum.ts");
  assertEquals((await node.exit()).code, 0);
  const { code, stdout } = await server.exit();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "sum 328350\n");
});
