/** Nodes that send more than anybody can take. */
import { assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { encodePayload } from "../../actors/remote/payload.ts";
import { defineJobPair, type JobStatus } from "../../job/mod.ts";
import { createFlow } from "../../server/flow.ts";
import { createLineBudget } from "../../server/line_budget.ts";
import { createValve } from "../../actors/remote/valve.ts";
import { heartbeat } from "../actors/remote/support.ts";
import { identity } from "./fake_node.ts";
import { serve } from "./harness.ts";
import { double, doubled, inOrder, numbers } from "./numbers.ts";

/** A job whose server takes each custom message only when the test says so. */
function slowListener() {
  const waiting: (() => void)[] = [];
  let status: JobStatus<number> = { status: "unfinished", data: 1 };
  const job = defineJobPair({
    name: identity.job,
    server: () => ({
      prepareDataForNode: () => {
        const now = status;
        status = { status: "waiting" };
        return now;
      },
      processDataFromNode: () => void (status = { status: "finished" }),
      customMessage: () => new Promise<void>((resolve) => waiting.push(resolve)),
    }),
    node: () => ({ processDataFromServer: (data) => data }),
  });
  return { job, waiting };
}

Deno.test("a node that floods a slow listener is read no further, is not missed, and loses nothing", async () => {
  const { job, waiting } = slowListener();
  const { join, settle, system, server, log } = await serve(job);
  const node = await join();
  const count = 1_000;
  for (let i = 0; i < count; i++) node.connection.send({ kind: "custom", payload: encodePayload("x".repeat(2_000)) });
  await settle();
  // What the server has not read stays with the node: the link in memory holds 64 KiB, the server 64 messages.
  const queued = node.connection.bytesQueued;
  assertEquals(queued > (count - 64) * 2_000 - 3 * 64 * 1024, true, `${queued} bytes still wait on the node`);
  await system.advance(20_000);
  assertEquals(log.filter((line) => line.includes("is lost")), [], "it cannot be heard, and that is not its fault");
  for (let taken = 0; taken < count; taken++) {
    while (waiting.length === 0) await settle();
    waiting.shift()!();
  }
  await settle();
  node.succeed(node.tasks, (value) => value);
  assertEquals((await system.until(server.done)).outcome, "complete");
});

Deno.test("a node that floods with what is quickly taken keeps no other from working", async () => {
  const { job, collected } = numbers(20);
  const { join, system, server, settle } = await serve(job);
  const flood = await join({ name: "flood", labels: {} });
  const attempts = Array.from({ length: 10_000 }, (_, task) => ({ task: 1e6 + task, attempt: 1 }));
  for (let i = 0; i < 50; i++) {
    flood.holds([...attempts, ...flood.tasks]);
    flood.say({ type: "progress", task: 1, attempt: 9, fraction: 0.5 });
    flood.say({ type: "heartbeat" });
  }
  await settle();
  flood.connection.abort();
  const honest = await join({ name: "honest" });
  let summary;
  void server.done.then((done) => summary = done);
  while (!summary) {
    honest.succeed(honest.tasks.splice(0), double);
    await settle();
    await system.advance(100);
  }
  assertEquals(inOrder(collected), doubled(20));
});

Deno.test("a flow asks for a receipt now and then, and at once when the valve is shut", () => {
  const valve = createValve();
  const asked: [string, number][] = [];
  const flow = createFlow(valve, (of, count) => asked.push([of, count]));
  for (let i = 0; i < 20; i++) {
    valve.arrived(heartbeat(i));
    flow.passed("scheduler");
  }
  assertEquals(asked, [["scheduler", 16]]);
  for (let i = 20; i < 64; i++) valve.arrived(heartbeat(i));
  assertEquals(valve.isShut(), true);
  flow.passed("job");
  assertEquals(asked.slice(1), [["scheduler", 4], ["job", 1]]);
  flow.received(32);
  assertEquals(valve.isShut(), false);
});

Deno.test("what a node writes into the log is bounded, and what is left out is counted", async () => {
  const { job } = numbers(2);
  const { join, settle, system, log } = await serve(job, { config: { nodeLogBytesMax: 20_000 } });
  const node = await join({ name: "chatty" });
  const ofNode = () => log.filter((line) => line.includes("spam")).length;
  for (let i = 0; i < 5_000; i++) node.say({ type: "log", level: "info", text: "spam".padEnd(100) });
  await settle();
  assertEquals(ofNode(), 100);
  await system.advance(1_000);
  node.say({ type: "log", level: "info", text: "spam again" });
  await settle();
  assertEquals(ofNode(), 101);
  const omitted = log.filter((line) => line.includes("left out"));
  assertEquals(omitted.length, 1);
  assertMatch(omitted[0], /^warn: 4900 lines of a node were left out: 20000 bytes .*--node-log-bytes-max.*chatty/);
});

Deno.test("a budget of lines begins anew with each second", () => {
  const budget = createLineBudget(300);
  assertEquals([0, 0, 0, 999].map((nowMs) => budget.admit(100, nowMs)), [true, true, false, false]);
  assertEquals([budget.takeOmitted(999), budget.takeOmitted(1_000), budget.takeOmitted(1_000)], [0, 2, 0]);
  assertEquals(budget.admit(10_000, 1_000), true);
  assertEquals(budget.admit(1, 1_001), false);
});
