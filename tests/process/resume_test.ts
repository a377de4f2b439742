import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { gristmill, jobPath, join, type Process, serve, temporaryFolder } from "./harness.ts";

/** What gated.ts prints at its end. */
const total = "sum 328350 of 100\n";
const persistent = ["--retry-counter", "1000", "--retry-delay", "50"];

const run = (cwd: string, job: string, ...args: string[]): Process =>
  gristmill(["run", "--workers", "1", jobPath(job), ...args], { cwd });

const open = (gate: string): void => Deno.writeTextFileSync(gate, "");

async function log(cwd: string, path: string): Promise<string[][]> {
  await using process = gristmill(["joblog", path], { cwd, permissions: ["--allow-read"] });
  const { code, stdout, stderr } = await process.exit();
  assertEquals([code, stderr], [0, ""]);
  return stdout.trimEnd().split("\n").map((line) => line.split("\t"));
}

Deno.test("a server that is killed goes on where it was, with the nodes that it had", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const options = ["--", "--gate", `${cwd}/gate`, "--slow", "30"];
  await using killed = await serve("gated.ts", options, { cwd });
  const port = killed.address.split(":")[1];
  await using first = join(killed.address, "gated.ts", persistent);
  await using second = join(killed.address, "gated.ts", persistent);
  for (const node of [first, second]) await node.line(/registered with the server/);
  await killed.line(/computing 30\./);
  await killed.line(/^collected 20$/);
  killed.kill("SIGKILL");
  await killed.exit();

  await using server = gristmill(["serve", "--port", port, "--resume", jobPath("gated.ts"), ...options], { cwd });
  await server.line(/^going on from gated\.journal: \d+ results found$/);
  // A job that ends before a node has dialled again leaves it dialling.
  for (const node of [first, second]) await node.line(/taken back by the server/);
  open(`${cwd}/gate`);
  const ends = [await first.exit(), await second.exit()];
  const { code, stdout, stderr } = await server.exit();
  assertEquals([code, ...ends.map((end) => end.code)], [0, 0, 0], stderr);
  assertStringIncludes(stdout, total);
  assertMatch(stderr, /^complete: 100 tasks in .* \d\d from the journal/m);

  const [titles, ...rows] = await log(cwd, "gated.journal");
  assertEquals(titles, ["task", "start", "seconds", "node", "attempts", "outcome", "reason"]);
  assertEquals(rows.map(([task]) => Number(task)), Array.from({ length: 100 }, (_, task) => task));
  assertEquals(new Set(rows.map((row) => row[5])), new Set(["collected"]));
});

Deno.test("a node computes on while its server is away, and nothing twice", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const options = ["--", "--gate", `${cwd}/gate`, "--slow", "59"];
  await using killed = await serve("gated.ts", options, { cwd });
  await using node = join(killed.address, "gated.ts", persistent);
  await killed.line(/computing 59\./);
  killed.kill("SIGKILL");
  await killed.exit();
  await node.line(/lost the server/);
  open(`${cwd}/gate`);
  const port = killed.address.split(":")[1];
  await using server = gristmill(["serve", "--port", port, "--resume", jobPath("gated.ts"), ...options], { cwd });
  const end = await node.exit();
  assertEquals(end.code, 0);
  assertMatch(end.stderr, /^finished: .* computed here: 100, failed: 0$/m);
  const { code, stdout } = await server.exit();
  assertEquals(code, 0);
  assertStringIncludes(stdout, total);
});

Deno.test("a run that is killed goes on where it was", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const args = ["--resume", "--", "--gate", `${cwd}/gate`];
  await using killed = run(cwd, "gated.ts", ...args);
  await killed.line(/^no results yet in gated\.journal: the job begins$/);
  await killed.line(/^collected 60$/);
  killed.kill("SIGKILL");
  await killed.exit();
  open(`${cwd}/gate`);
  await using process = run(cwd, "gated.ts", ...args);
  await process.line(/^going on from gated\.journal: 60 results found$/);
  const { code, stdout, stderr } = await process.exit();
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, total);
  assertMatch(stderr, /^complete: 100 tasks in .* 60 from the journal/m);
  assertEquals(stderr.match(/computing \d+\./g)?.length, 40);
});

Deno.test("a journal that is not finished is neither overwritten nor used for another job", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const options = ["--", "--gate", `${cwd}/gate`];
  await using stopped = await serve("gated.ts", options, { cwd });
  await using node = join(stopped.address, "gated.ts");
  await stopped.line(/^collected 60$/);
  const inUse = await log(cwd, "gated.journal");
  assertEquals([inUse.length, inUse[1][0], inUse[60][5]], [61, "0", "collected"]);

  const refuses = async (args: string[], parts: string[]) => {
    await using process = gristmill(args, { cwd });
    const { code, stdout, stderr } = await process.exit();
    assertEquals([code, stdout], [2, ""], stderr);
    assertMatch(stderr, /^error: [^\n]+\n$/);
    for (const part of ["gated.journal", ...parts]) assertStringIncludes(stderr, part);
  };
  const again = ["run", "--journal", "gated.journal"];
  await refuses([...again, jobPath("gated.ts"), ...options], ["another process", "--journal OTHER"]);
  stopped.kill("SIGINT");
  const { code, stderr } = await stopped.exit();
  assertEquals([code, (await node.exit()).code], [130, 0]);
  assertMatch(stderr, /^gated\.journal has what was collected: .* with --resume to go on$/m);

  await refuses([...again, jobPath("gated.ts"), ...options], ["collected: 60", "--resume"]);
  await refuses([...again, jobPath("sum.ts")], ['"gated"', "another journal"]);
  await refuses([...again, "--resume", jobPath("sum.ts")], ['"gated"', '"sum"']);
  await refuses([...again, "--resume", jobPath("gated_changed.ts"), ...options], ["code", "then", "now"]);
  await refuses([...again, "--resume", jobPath("gated.ts"), ...options, "--slow", "7"], ["slow was -1 and is 7"]);

  open(`${cwd}/gate`);
  await using process = run(cwd, "gated.ts", ...again.slice(1), "--resume", ...options);
  assertStringIncludes((await process.exit()).stdout, total);
});

Deno.test("a journal that is finished is replaced, and one that never began does not stay", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  for (let start = 0; start < 2; start++) {
    await using process = run(cwd, "sum.ts", "--journal", "a");
    const { code, stdout, stderr } = await process.exit();
    assertEquals([code, stdout], [0, "sum 328350\n"], stderr);
    assertEquals((await log(cwd, "a")).length, 101);
  }
  await using server = await serve("holds_once.ts", [], { cwd });
  const port = server.address.split(":")[1];
  await using refused = gristmill(["serve", "--port", port, "--journal", "b", jobPath("sum.ts")], { cwd });
  assertEquals((await refused.exit()).code, 2);
  server.kill("SIGTERM");
  const { code, stderr } = await server.exit();
  assertEquals(code, 143);
  assertEquals(stderr.includes("--resume"), false);
  assertEquals(Array.from(Deno.readDirSync(cwd), ({ name }) => name), ["a"]);
});

Deno.test("a job leaves out what fails, says so, and retries nothing but that", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const flags = ["--journal", "a", "--on-failure", "skip", "--max-attempts", "2"];
  const options = ["--", "--fails", "5", "--mended", `${cwd}/mended`];
  const leavesOut = async (...words: string[]) => {
    await using process = run(cwd, "gated.ts", ...flags, ...words, ...options);
    const { code, stdout, stderr } = await process.exit();
    assertEquals(code, 1, stderr);
    assertStringIncludes(stdout, "sum 328325 of 99\n");
    assertMatch(stderr, /^complete: 99 tasks in .* 1 failed$/m);
    assertMatch(stderr, /^ {2}task 5 failed 2 times.* RangeError: no square for 5/m);
    assertMatch(stderr, /^a has what was collected: .* with --retry-failed /m);
    const rows = await log(cwd, "a");
    assertEquals([rows.length, rows[6][0], rows[6][4], rows[6][5]], [101, "5", "2", "failed"]);
    return stderr.match(/computing \d+\./g) ?? [];
  };
  assertEquals((await leavesOut()).length, 99);
  assertEquals((await leavesOut("--resume")).length, 0);

  open(`${cwd}/mended`);
  await using process = run(cwd, "gated.ts", ...flags, "--retry-failed", ...options);
  const { code, stdout, stderr } = await process.exit();
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, total);
  assertEquals(stderr.match(/computing \d+\./g), ["computing 5."]);
  assertMatch(stderr, /^complete: 100 tasks in .* 99 from the journal/m);
});

Deno.test("a job that a failed task has ended ends again until the task is retried", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const flags = ["--journal", "a", "--max-attempts", "1"];
  const options = ["--", "--fails", "5", "--mended", `${cwd}/mended`];
  for (const words of [[], ["--resume"]]) {
    await using process = run(cwd, "gated.ts", ...flags, ...words, ...options);
    const { code, stderr } = await process.exit();
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /^error: task 5 failed .*no square for 5/m);
    assertMatch(stderr, /with --retry-failed to run again what failed$/m);
  }
  open(`${cwd}/mended`);
  await using process = run(cwd, "gated.ts", ...flags, "--retry-failed", ...options);
  const { code, stdout } = await process.exit();
  assertEquals(code, 0);
  assertStringIncludes(stdout, total);
});

Deno.test("the log of a job is a table or JSON, and a journal that is not there is refused", async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  await using process = run(cwd, "sum.ts", "--journal", "a", "--", "--count", "3");
  assertEquals((await process.exit()).code, 0);
  await using json = gristmill(["joblog", "a", "--json"], { cwd });
  const { code, stdout } = await json.exit();
  assertEquals(code, 0);
  const entries = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(entries.map(({ task, attempts, outcome }) => ({ task, attempts, outcome })), [
    { task: 0, attempts: 1, outcome: "collected" },
    { task: 1, attempts: 1, outcome: "collected" },
    { task: 2, attempts: 1, outcome: "collected" },
  ]);
  for (const { start, seconds } of entries) {
    assertEquals(new Date(start).toISOString(), start);
    assertEquals(typeof seconds, "number");
  }
  await using missing = gristmill(["joblog", "b"], { cwd });
  const refused = await missing.exit();
  assertEquals([refused.code, refused.stdout], [2, ""]);
  assertMatch(refused.stderr, /^error: [^\n]*\bb\b[^\n]*\n$/);
});

Deno.test("without permission to write, serve says how to go without a journal", async () => {
  using folder = temporaryFolder();
  const permissions = ["--allow-read", "--allow-net"];
  await using server = gristmill(["serve", "--port", "0", jobPath("sum.ts")], { cwd: folder.path, permissions });
  const { code, stderr } = await server.exit();
  assertEquals(code, 2);
  assertMatch(stderr, /^error: [^\n]*sum\.journal[^\n]*--no-journal[^\n]*\n$/);
});
