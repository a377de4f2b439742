import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { runCli } from "../../cli/cli.ts";
import { conclude } from "../../cli/conclude.ts";
import { describeError, exitCodeOf, UsageError } from "../../cli/errors.ts";
import { parseLabels } from "../../cli/node.ts";
import { joinLine, nodeTokenLine } from "../../cli/serve.ts";
import { defineJob } from "../../job/mod.ts";
import type { Summary } from "../../job/types.ts";
import { defaultConfig } from "../../server/config.ts";
import { fakeTerminal } from "./fake_terminal.ts";
import { summaryOf } from "../job/fixtures.ts";

const ownJob = {
  url: import.meta.url,
  job: defineJob({ name: "own", options: { size: 4 }, tasks: () => [], compute: () => 0 }),
};

async function cli(args: string[], host: { program?: string; ownJob?: typeof ownJob } = {}) {
  const terminal = fakeTerminal();
  const code = await runCli(args, { terminal, environment: () => undefined, ...host });
  return { code, out: terminal.printed.join("\n"), err: terminal.notes.join("\n") };
}

Deno.test("help is printed for the command and for each verb", async () => {
  for (const args of [["help"], ["--help"], ["-h"]]) {
    const { code, out } = await cli(args);
    assertEquals(code, 0);
    for (const verb of ["run", "serve", "node", "joblog", "version"]) {
      assertMatch(out, new RegExp(`^  ${verb}\\b`, "m"));
    }
  }
  for (const args of [["serve", "--help"], ["help", "serve"], ["serve", "-h"]]) {
    const { code, out } = await cli(args);
    assertEquals(code, 0);
    assertStringIncludes(out, "Usage: gristmill serve [OPTIONS] JOB [-- JOB OPTIONS]");
    assertMatch(out, /--heartbeat N .*in ms \(default 5000\)/);
    assertMatch(out, /--\[no-\]journal FILE .*\(default the job's name and \.journal\)/);
    for (const flag of ["--[no-]resume", "--[no-]retry-failed", "--on-failure stop|skip", "--[no-]speculate"]) {
      assertStringIncludes(out, flag);
    }
    assertMatch(out, /^Exit codes:\n {2}0 +complete/m);
  }
  const joblog = (await cli(["joblog", "--help"])).out;
  assertMatch(joblog, /^Usage: gristmill joblog \[OPTIONS\] JOURNAL$/m);
  assertEquals(/JOB is|--config/.test(joblog), false);
  assertMatch((await cli(["node", "--help"])).out, /^Usage: gristmill node --join HOST:PORT \[OPTIONS\] JOB$/m);
});

Deno.test("without a verb the command says what it can do, and fails", async () => {
  const { code, out, err } = await cli([]);
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, "Verbs:");
});

Deno.test("a job in the place of a verb is pointed to run", async () => {
  const { code, err } = await cli(["./job.ts"]);
  assertEquals(code, 2);
  assertEquals(err, 'error: Unknown verb "./job.ts"; to run a job: gristmill run ./job.ts');
});

Deno.test("a program that is its own job speaks of itself and takes no other", async () => {
  const own = { program: "mandel", ownJob };
  const { code, out } = await cli(["--help"], own);
  assertEquals(code, 0);
  assertStringIncludes(out, "Usage: mandel VERB [OPTIONS] [-- JOB OPTIONS]");
  const help = (await cli(["run", "--help"], own)).out;
  assertStringIncludes(help, "Usage: mandel run [OPTIONS] [-- JOB OPTIONS]");
  assertStringIncludes(help, "--size NUMBER");
  const refused = await cli(["run", "other.ts"], own);
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, '"other.ts"');
});

Deno.test("labels are names and values", () => {
  assertEquals(parseLabels(["gpu=1", "note=a=b", "empty="]), { gpu: "1", note: "a=b", empty: "" });
});

Deno.test("the line that joins can be pasted, and does not hold the token", () => {
  const address = { host: "::1", port: 9000 };
  assertEquals(
    joinLine("gristmill", address, "my jobs/it's.ts", defaultConfig),
    "gristmill node --join [::1]:9000 'my jobs/it'\\''s.ts'",
  );
  const config = { ...defaultConfig, token: "a secret of many", encrypt: true };
  assertEquals(
    joinLine("mandel", address, "", config, "sha256:ab"),
    "mandel node --join [::1]:9000 --encrypt --fingerprint sha256:ab --token-file node.token",
  );
  const isPrivate = (line: string) => Deno.build.os === "windows" ? line : `(umask 077 && ${line})`;
  assertEquals(nodeTokenLine("mandel", config), isPrivate("GRISTMILL_TOKEN=... mandel token --node > node.token"));
  assertEquals(
    nodeTokenLine("mandel", { ...config, tokenFile: "op token" }),
    isPrivate("mandel token --node --token-file 'op token' > node.token"),
  );
  assertEquals(nodeTokenLine("mandel", defaultConfig), undefined);
});

const summary: Summary = { ...summaryOf(), collected: 4, elapsedMs: 1_000, computeMs: 900 };

Deno.test("the exit code says how the job went", () => {
  const codeOf = (changes: Partial<Summary>, signalCode?: number) =>
    conclude({ ...summary, ...changes }, {
      ...{ terminal: fakeTerminal(), program: "gristmill", isQuiet: false, signalCode },
    });
  assertEquals(codeOf({}), 0);
  assertEquals(codeOf({}, 130), 0);
  assertEquals(codeOf({ failed: 1 }), 1);
  assertEquals(codeOf({ outcome: "failed" }), 1);
  assertEquals(codeOf({ outcome: "stopped" }), 1);
  assertEquals(codeOf({ outcome: "stopped" }, 130), 130);
});

Deno.test("the reason of a failure is written also when all else is quiet", () => {
  const terminal = fakeTerminal();
  const failed: Summary = { ...summary, outcome: "failed", failed: 1, reason: "task 3 failed\n    at compute" };
  const options = { program: "gristmill", isQuiet: true, signalCode: undefined };
  conclude(failed, { terminal, ...options });
  assertEquals(terminal.notes, [
    "failed: 4 tasks in 1.0 s on 1 node, 0 retried, 1 failed",
    "error: task 3 failed\n    at compute",
  ]);
  const quiet = fakeTerminal();
  conclude(summary, { terminal: quiet, ...options });
  assertEquals(quiet.notes, []);
});

Deno.test("an error is one line; its stack is for those who debug", () => {
  const error = new UsageError("no job");
  assertEquals(describeError(error), "error: no job");
  assertMatch(describeError(error, true), /^error: no job\nUsageError: no job\n\s+at /);
  assertEquals([exitCodeOf(error), exitCodeOf(new Error("a bug"))], [2, 1]);
});
