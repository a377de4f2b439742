import { assertEquals } from "jsr:@std/assert@^1";
import { conclude } from "../../cli/conclude.ts";
import { listFailures } from "../../cli/failures.ts";
import type { FailedTask, Summary } from "../../job/types.ts";
import { fakeTerminal } from "./fake_terminal.ts";

const failure = (task: number): FailedTask => ({
  ...{ task, attempts: 3, outcome: "failed", evidence: [] },
  reason: `task ${task} failed 3 times\n    at compute`,
});

const summary = (failed: number, reason?: string): Summary => ({
  ...{ outcome: "complete", collected: 4, failed, retried: 0, dropped: 0, speculated: 0, resumed: 0, reason },
  ...{ nodes: 1, nodesLost: 0, elapsedMs: 1_000, computeMs: 900 },
  failures: Array.from({ length: Math.min(failed, 1_000) }, (_, task) => failure(task)),
});

Deno.test("failed tasks are listed, a line each", () => {
  assertEquals(listFailures(summary(0)), []);
  assertEquals(listFailures(summary(2)), ["  task 0 failed 3 times", "  task 1 failed 3 times"]);
});

Deno.test("of many failed tasks the first are listed, and the rest is counted", () => {
  assertEquals(listFailures(summary(20), "gristmill joblog a.journal").length, 20);
  const many = listFailures(summary(5_000), "gristmill joblog a.journal");
  assertEquals([many.length, many.at(-1)], [21, "  ... and 4980 more, see gristmill joblog a.journal"]);
  assertEquals(listFailures(summary(21)).at(-1), "  ... and 1 more");
});

Deno.test("a task that ended the job is named once", () => {
  assertEquals(listFailures(summary(1, failure(0).reason)), []);
  assertEquals(listFailures(summary(2, failure(0).reason)).length, 2);
});

Deno.test("what nodes wrote into reasons and names reaches the terminal without steering it", () => {
  const attack = "task 1 failed, last on node \x1b[2Jlab\x9b31m\u202e: Error: \x07";
  const terminal = fakeTerminal();
  const options = { terminal, program: "gristmill", isQuiet: false, signalCode: undefined };
  const failures = [{ ...failure(1), reason: attack }, failure(2)];
  conclude({ ...summary(2, attack), outcome: "failed", failures }, options);
  const shown = "task 1 failed, last on node \\x1b[2Jlab\\x9b31m\\u202e: Error: \\x07";
  assertEquals(terminal.notes.slice(1), [`  ${shown}`, "  task 2 failed 3 times", `error: ${shown}`]);
});
