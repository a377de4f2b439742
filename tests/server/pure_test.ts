import { assert, assertEquals } from "jsr:@std/assert@^1";
import { createCallOrder } from "../../server/call_order.ts";
import { updateMean, windowOf } from "../../server/credit.ts";
import { checkPeriodMs, createLiveness } from "../../server/liveness.ts";
import { createRate, etaMs } from "../../server/rate.ts";
import { lossReport, taskReport } from "../../server/report.ts";
import { createLeaseTable } from "../../server/lease_table.ts";

Deno.test("credit lets one task wait behind each slot until durations are known", () => {
  assertEquals(windowOf(4, undefined), 8);
});

Deno.test("credit grows for short tasks within its bound and never starves a slot", () => {
  assertEquals(windowOf(2, 60_000), 4);
  assertEquals(windowOf(2, 10), 22);
  assertEquals(windowOf(1, 0), 2_048);
  assertEquals(windowOf(10_000, 0.001), 10_000);
  for (const slots of [1, 3, 64]) {
    for (const meanMs of [0, 0.01, 1, 99, 100, 1e9]) assert(windowOf(slots, meanMs) >= 2 * slots);
  }
});

Deno.test("credit follows durations as they change", () => {
  let mean = updateMean(undefined, 10);
  assertEquals(mean, 10);
  for (let batch = 0; batch < 50; batch++) mean = updateMean(mean, 1_000);
  assert(Math.abs(mean - 1_000) < 1);
});

function runChecks(liveness: ReturnType<typeof createLiveness<string>>, from: number, to: number, period: number) {
  const silent: { node: string; at: number }[] = [];
  for (let now = from + period; now <= to; now += period) {
    for (const node of liveness.check(now)) silent.push({ node, at: now });
  }
  return silent;
}

Deno.test("liveness notices a silent node within two heartbeats and names it once", () => {
  const liveness = createLiveness<string>(1_000, 0);
  liveness.heard("a", 0);
  const silent = runChecks(liveness, 0, 10_000, checkPeriodMs(1_000));
  assertEquals(silent.length, 1);
  assert(silent[0].at > 1_750 && silent[0].at <= 2_000, `at ${silent[0].at}`);
});

Deno.test("liveness lets a heartbeat be late by three quarters of one", () => {
  const liveness = createLiveness<string>(1_000, 0);
  liveness.heard("a", 0);
  assertEquals(runChecks(liveness, 0, 1_750, checkPeriodMs(1_000)), []);
  liveness.heard("a", 1_750);
  assertEquals(runChecks(liveness, 1_750, 3_500, checkPeriodMs(1_000)), []);
});

Deno.test("liveness blames nobody for the server's own stall, and still finds who is really gone", () => {
  const liveness = createLiveness<string>(1_000, 0);
  liveness.heard("here", 0);
  liveness.heard("gone", 0);
  assertEquals(liveness.check(125), []);
  const back = 60_000;
  assertEquals(liveness.check(back), [], "a check after a minute of standing still");
  liveness.heard("here", back + 100);
  const silent = runChecks(liveness, back, back + 1_800, checkPeriodMs(1_000));
  assertEquals(silent.map(({ node }) => node), ["gone"]);
});

Deno.test("liveness never judges a node that was forgotten", () => {
  const liveness = createLiveness<string>(1_000, 0);
  liveness.heard("a", 0);
  liveness.forget("a");
  assertEquals(runChecks(liveness, 0, 9_000, 125), []);
});

Deno.test("rate starts with the first work done and follows the last half minute", () => {
  const rate = createRate();
  assertEquals(rate.perSecond(), 0);
  for (let at = 0; at <= 60_000; at += 250) rate.sample(at, 0);
  assertEquals(rate.perSecond(), 0, "an hour of waiting for nodes says nothing about speed");
  for (let step = 1; step <= 40; step++) rate.sample(60_000 + step * 250, step);
  assertEquals(Math.round(rate.perSecond() * 10) / 10, 4);
  for (let step = 1; step <= 400; step++) rate.sample(70_000 + step * 250, 40 + step * 10);
  assertEquals(Math.round(rate.perSecond()), 40);
});

Deno.test("eta is honest: unknown rather than invented", () => {
  assertEquals(etaMs(undefined, 5), undefined);
  assertEquals(etaMs(10, 0), undefined);
  assertEquals(etaMs(10, 5), 2_000);
  assertEquals(etaMs(0, 0), 0);
});

Deno.test("reports name task, attempts, node, error and option, then the stack", () => {
  const table = createLeaseTable({ maxAttempts: 2, maxNodeLosses: 1 });
  const lease = table.add(12, new Uint8Array());
  const attempt = table.grant(lease, "00ff", 0);
  const failure = { kind: "error", name: "RangeError", message: "no", stack: "RangeError: no\n    at f" } as const;
  table.failed(attempt, { node: "lab-3", at: 0, failure });
  const [first, ...rest] = taskReport(lease, failure, "lab-3").split("\n");
  assertEquals(
    first,
    "task 12 failed once, last in attempt 1 on node lab-3: RangeError: no (option --max-attempts)",
  );
  assertEquals(rest.join("\n"), failure.stack);
  table.grant(lease, "00aa", 0);
  const loss = { kind: "node-lost", name: "NodeLost", message: "its connection ended" } as const;
  table.orphan("00aa", { node: "lab-4", at: 86_400_000, failure: loss });
  assertEquals(lossReport(lease).split("\n"), [
    "task 12 was with 1 node that was lost, last with node lab-4 in attempt 2: it may be what ends them " +
    "(option --max-node-losses)",
    "    attempt 2 on node lab-4 until 1970-01-02T00:00:00.000Z: its connection ended",
  ]);
});

Deno.test("calls are written in the order in which they were made, whenever it is known what came of them", () => {
  const written: string[] = [];
  const order = createCallOrder<string>((call) => void written.push(call));
  order.add("at once");
  const [first, nothing, third] = [order.place(), order.place(), order.place()];
  order.add("behind");
  third("third");
  assertEquals([written, order.isEmpty()], [["at once"], false]);
  first("first");
  nothing();
  assertEquals([written, order.isEmpty()], [["at once", "first", "third", "behind"], true]);
});
