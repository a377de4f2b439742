import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { formatDuration, progressWriter, renderProgress, renderSummary } from "../../cli/progress_bar.ts";
import type { Progress } from "../../server/messages.ts";
import { fakeTerminal } from "./fake_terminal.ts";
import { summaryOf } from "../job/fixtures.ts";

const progress = (changes: Partial<Progress>): Progress => ({
  collected: 0,
  running: 0,
  failed: 0,
  total: undefined,
  nodes: 1,
  slots: 1,
  ratePerSecond: 0,
  etaMs: undefined,
  elapsedMs: 0,
  ...changes,
});

Deno.test("progress shows bar, percent, counts, rate, time left and nodes", () => {
  assertEquals(
    renderProgress(progress({ collected: 64, total: 256, ratePerSecond: 32, etaMs: 6_000, nodes: 2 })),
    "████░░░░░░░░░░░░  25%  64/256 tasks  32.0/s  ETA 6.0 s  2 nodes",
  );
});

Deno.test("progress says what it does not know", () => {
  assertEquals(renderProgress(progress({ collected: 1 })), "1 task  —/s  1 node");
  assertStringIncludes(renderProgress(progress({ total: 8 })), "ETA —");
});

Deno.test("progress says 100% only when every task is collected", () => {
  assertStringIncludes(renderProgress(progress({ collected: 999, total: 1_000 })), " 99%");
  assertStringIncludes(renderProgress(progress({ collected: 1_000, total: 1_000 })), "100%");
  assertStringIncludes(renderProgress(progress({ collected: 0, total: 0 })), "100%");
});

Deno.test("progress has no time left when nothing is left", () => {
  assertEquals(renderProgress(progress({ collected: 7, failed: 1, total: 8, etaMs: 0 })).includes("ETA"), false);
});

Deno.test("progress tells of failures and fits the terminal", () => {
  const line = renderProgress(progress({ collected: 3, total: 9, failed: 2 }));
  assertStringIncludes(line, "2 failed");
  assertEquals([...renderProgress(progress({ collected: 3, total: 9 }), 30)].length, 30);
});

Deno.test("durations are written for people", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [850, "850 ms"],
    [12_340, "12.3 s"],
    [59_949, "59.9 s"],
    [59_990, "1:00"],
    [245_000, "4:05"],
    [7_445_000, "2:04:05"],
    [360_000_000, "100:00:00"],
  ];
  for (const [ms, text] of cases) assertEquals(formatDuration(ms), text);
});

Deno.test("the summary is one line", () => {
  const summary = { ...summaryOf(), collected: 256, nodes: 2, elapsedMs: 12_300, computeMs: 20_000 };
  assertEquals(renderSummary(summary), "complete: 256 tasks in 12.3 s on 2 nodes, 0 retried");
  assertEquals(
    renderSummary({ ...summary, resumed: 40, speculated: 3 }),
    "complete: 256 tasks in 12.3 s on 2 nodes, 0 retried, 40 from the journal, 3 computed twice",
  );
  assertEquals(
    renderSummary({ ...summary, outcome: "failed", collected: 1, failed: 2, retried: 4, nodes: 1, nodesLost: 1 }),
    "failed: 1 task in 12.3 s on 1 node, 4 retried, 2 failed, 1 node lost",
  );
});

Deno.test("progress without a terminal is a line now and then", () => {
  const terminal = fakeTerminal();
  const write = progressWriter(terminal);
  for (let elapsedMs = 0; elapsedMs <= 25_000; elapsedMs += 500) write(progress({ collected: elapsedMs, elapsedMs }));
  assertEquals(terminal.notes.map((line) => line.split(" ")[0]), ["10000", "20000"]);
});

Deno.test("progress without a terminal is seldom repeated while nothing happens", () => {
  const terminal = fakeTerminal();
  const write = progressWriter(terminal);
  for (let elapsedMs = 0; elapsedMs <= 140_000; elapsedMs += 500) {
    write(progress({ collected: elapsedMs < 135_000 ? 1 : 2, elapsedMs, ratePerSecond: 1_000 / (elapsedMs + 1) }));
  }
  assertEquals(terminal.notes.map((line) => line.split("  ")[0]), ["1 task", "1 task", "1 task", "2 tasks"]);
});

Deno.test("progress on a terminal redraws the status line", () => {
  const terminal = fakeTerminal({ isInteractive: true });
  const write = progressWriter(terminal);
  write(progress({ collected: 1 }));
  write(progress({ collected: 2 }));
  assertEquals(terminal.notes, []);
  assertEquals(terminal.statuses.map((line) => line?.split("  ")[0]), ["1 task", "2 tasks"]);
});
