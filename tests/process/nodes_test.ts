import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { gristmill, jobPath, join, program, serve } from "./harness.ts";

Deno.test("run completes a job on nodes of its own, without permission for the network", async () => {
  const args = ["run", "--nodes", "2", "--workers", "1", jobPath("sum.ts"), "--", "--count", "1000"];
  await using process = gristmill(args, { permissions: ["--allow-read"] });
  const { code, stdout, stderr } = await process.exit();
  assertEquals([code, stdout], [0, "sum 332833500\n"], stderr);
  assertMatch(stderr, /^complete: 1000 tasks in .* on 2 nodes, 0 retried$/m);
});

Deno.test("quiet says only what the job says", async () => {
  await using process = gristmill(["run", "--quiet", "--workers", "1", jobPath("sum.ts")]);
  assertEquals(await process.exit(), { code: 0, stdout: "sum 328350\n", stderr: "" });
});

Deno.test("the log goes to a file where one is given", async () => {
  const path = await Deno.makeTempFile();
  try {
    await using process = gristmill(["run", "--log-file", path, "--workers", "1", jobPath("sum.ts")]);
    const { code, stderr } = await process.exit();
    assertEquals(code, 0);
    assertMatch(stderr, /^complete: .*\n$/);
    assertStringIncludes(await Deno.readTextFile(path), " joined");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("serve prints the line that starts a node", async () => {
  await using server = await serve("sum.ts");
  const [, line] = await server.line(/^join with: .*gristmill(?: --)? (node .*)$/);
  assertEquals(line, `node --join ${server.address} ${jobPath("sum.ts")}`);
  await using node = gristmill([...line.split(" "), "--workers", "1"]);
  const ended = await node.exit();
  assertEquals(ended.code, 0);
  const { code, stdout, stderr } = await server.exit();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "sum 328350\n");
  assertMatch(ended.stderr, /registered with the server/);
  assertEquals(`${stderr}${ended.stderr}`.match(/ actor=.*/), null, "what is inside is nobody's business");
});

Deno.test("the work of a node that is killed is done by one that came late, and counted once", async () => {
  await using server = await serve("holds_once.ts");
  await using victim = join(server.address, "holds_once.ts");
  await server.line(/holding/);
  await using late = join(server.address, "holds_once.ts", ["--name", "late"]);
  await using third = join(server.address, "holds_once.ts", ["--name", "third"]);
  await server.line(/node late joined/);
  await server.line(/node third joined/);
  victim.kill("SIGKILL");
  assertEquals([(await late.exit()).code, (await third.exit()).code], [0, 0]);
  const { code, stdout, stderr } = await server.exit();
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "sum 328350 of 100\n");
  assertMatch(stderr, /^complete: 100 tasks in .* 1 node lost$/m);
});

Deno.test("Ctrl-C on the server sends its nodes home", async () => {
  await using server = await serve("holds_once.ts");
  await using node = join(server.address, "holds_once.ts");
  await server.line(/holding/);
  server.kill("SIGINT");
  const { code, stderr } = await server.exit();
  assertEquals(code, 130);
  assertMatch(stderr, /^stopped: .*; SIGINT was received$/m);
  assertEquals((await node.exit()).code, 0);
});

Deno.test("Ctrl-C on a node hands its work back", async () => {
  await using server = await serve("holds_once.ts");
  await using leaver = join(server.address, "holds_once.ts");
  await server.line(/holding/);
  leaver.kill("SIGINT");
  assertEquals((await leaver.exit()).code, 130);
  await using node = join(server.address, "holds_once.ts");
  assertEquals((await node.exit()).code, 0);
  const { code, stdout } = await server.exit();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "sum 328350 of 100\n");
});

Deno.test("SIGTERM on a node lets its task end, within the grace", async () => {
  await using server = await serve("gated.ts", ["--", "--slow", "3"]);
  await using leaver = join(server.address, "gated.ts", ["--name", "leaver", "--drain-grace", "1h"]);
  await server.line(/computing 3\./);
  leaver.kill("SIGTERM");
  const left = await leaver.exit();
  assertEquals(left.code, 143);
  assertMatch(left.stderr, /^stopped: SIGTERM was received; computed here: [1-9]\d*, failed: 0$/m);
  await using node = join(server.address, "gated.ts");
  assertEquals((await node.exit()).code, 0);
  const { code, stdout, stderr } = await server.exit();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "sum 328350 of 100\n");
  assertEquals(stderr.match(/computing 3\./g)?.length, 1);
});

Deno.test("a second signal ends a node that lets its task end", async () => {
  await using server = await serve("holds_once.ts");
  await using leaver = join(server.address, "holds_once.ts", ["--drain-grace", "1h"]);
  await server.line(/holding/);
  leaver.kill("SIGTERM");
  leaver.kill("SIGINT");
  assertEquals([130, 143].includes((await leaver.exit()).code), true);
});

Deno.test("a node leaves by itself before its lifetime ends", async () => {
  await using server = await serve("holds_once.ts");
  await using leaver = join(server.address, "holds_once.ts", ["--lifetime", "2", "--drain-grace", "1"]);
  const { code, stderr } = await leaver.exit();
  assertEquals(code, 0);
  assertMatch(stderr, /^stopped: its lifetime of 2 s is about to end/m);
});

Deno.test("SIGTERM ends a run", async () => {
  await using process = gristmill(["run", "--workers", "1", jobPath("holds_once.ts")]);
  await process.line(/holding/);
  process.kill("SIGTERM");
  assertEquals((await process.exit()).code, 143);
});

Deno.test("a second Ctrl-C ends at once", async () => {
  await using server = await serve("holds_once.ts", ["--close-timeout", "600000"]);
  await using node = join(server.address, "holds_once.ts");
  await server.line(/holding/);
  // A node that is stopped cannot take its leave, so the server would wait for it.
  node.kill("SIGSTOP");
  server.kill("SIGINT");
  server.kill("SIGTERM");
  assertEquals([130, 143].includes((await server.exit()).code), true);
});

Deno.test("a program of one's own is server and node in one", async () => {
  await using alone = program(jobPath("program.ts"), ["--workers", "1", "--", "--count", "100"]);
  const { code, stdout, stderr } = await alone.exit();
  assertEquals([code, stdout], [0, "sum 5050\n"], stderr);

  await using server = program(jobPath("program.ts"), ["serve", "--port", "0", "--no-journal"]);
  const [, address] = await server.line(/^listening on (\S+)$/);
  await server.line(/^join with: .*program\.ts node --join \S+$/);
  await using node = program(jobPath("program.ts"), ["node", "--join", address, "--workers", "1"]);
  assertEquals((await node.exit()).code, 0);
  assertEquals((await server.exit()).code, 0);
});

Deno.test("server and nodes meet over IPv6", async () => {
  await using server = await serve("sum.ts", ["--host", "::1"]);
  assertMatch(server.address, /^\[::1\]:\d+$/);
  await using node = join(server.address, "sum.ts");
  assertEquals((await node.exit()).code, 0);
  assertEquals((await server.exit()).code, 0);
});

Deno.test("help names the options of verb and job", async () => {
  await using process = gristmill(["run", jobPath("sum.ts"), "--help"]);
  const { code, stdout, stderr } = await process.exit();
  assertEquals([code, stderr], [0, ""]);
  for (const part of ["run [OPTIONS] JOB", "--nodes N", "--task-timeout N", "--count NUMBER"]) {
    assertStringIncludes(stdout, part);
  }
  await using version = gristmill(["version"]);
  assertMatch((await version.exit()).stdout, /^gristmill \d+\.\d+\.\d+ \(protocol 1, deno /);
});
