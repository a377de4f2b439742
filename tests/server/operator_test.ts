import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "jsr:@std/assert@^1";
import { encodePayload } from "../../actors/remote/payload.ts";
import { createToken, nodeToken } from "../../actors/remote/token.ts";
import { OperatorError } from "../../cli/operator.ts";
import { defineJobPair } from "../../job/mod.ts";
import type { NodeStatistics } from "../../server/messages.ts";
import { identity } from "./fake_node.ts";
import { serve } from "./harness.ts";
import { double, numbers } from "./numbers.ts";

Deno.test("an operator sees how far the job is, and who is here", async () => {
  const { job } = numbers(100);
  const { join, order, system, settle } = await serve(job);
  const node = await join({ name: "one", slots: 2, labels: { gpu: "1" } });
  node.succeed(node.tasks.splice(0), double);
  await settle();
  await system.advance(300);
  const { ok, text, data } = await order({ action: "status" });
  assertEquals([ok, text], [true, "running"]);
  const { job: name, nodes, progress } = data as Record<string, unknown>;
  assertEquals([name, nodes, (progress as Record<string, unknown>).slots], ["test", 1, 2]);
  const listed = (await order({ action: "nodes" })).data as NodeStatistics[];
  assertEquals(listed.map(({ name, slots, labels, state }) => [name, slots, labels, state]), [
    ["one", 2, { gpu: "1" }, "here"],
  ]);
});

Deno.test("an operator pauses, drains and stops the job", async () => {
  const { job } = numbers(100);
  const { join, order, server, system, settle } = await serve(job);
  const node = await join();
  assertEquals((await order({ action: "pause" })).ok, true);
  node.succeed(node.tasks.splice(0), double);
  await settle();
  assertEquals([node.tasks, (await order({ action: "status" })).text], [[], "paused"]);
  await order({ action: "unpause" });
  await settle();
  assertEquals([node.tasks.length > 0, (await order({ action: "status" })).text], [true, "running"]);
  await order({ action: "drain" });
  assertEquals((await order({ action: "status" })).text, "draining");
  assertEquals((await order({ action: "stop", reason: "the room is too hot" })).ok, true);
  const { outcome, reason } = await system.until(server.done);
  assertEquals([outcome, reason], ["stopped", "the room is too hot"]);
});

Deno.test("an operator names nodes by identity, or by a name that is theirs alone", async () => {
  const { job } = numbers(100);
  const { join, order, settle, log } = await serve(job);
  const [first, twin] = [await join({ name: "twin" }), await join({ name: "twin" })];
  const other = await join({ name: "other" });
  const missing = await order({ action: "drain-node", node: "nobody" });
  assertEquals([missing.ok, missing.text], [
    false,
    'Cannot find node "nobody" among the 3 that are here (see nodes)',
  ]);
  const ambiguous = await order({ action: "drain-node", node: "twin" });
  assertEquals(ambiguous.ok, false);
  assertStringIncludes(ambiguous.text, "2 have this name");
  assertEquals((await order({ action: "remove-node", node: first.welcome().node })).ok, true);
  assertEquals((await order({ action: "remove-node", node: "twin" })).ok, true);
  await settle();
  await Promise.all([first.connection.closed, twin.connection.closed]);
  assertEquals(
    (await order({ action: "drain-node", node: "other" })).text,
    "node other goes when it has done what it has",
  );
  assertEquals(log.filter((line) => line.startsWith("error")), []);
  other.connection.abort();
});

Deno.test("an operator's message reaches the job's server half, one node, or all nodes", async () => {
  const heard: unknown[] = [];
  const job = defineJobPair({
    name: identity.job,
    server: () => ({
      prepareDataForNode: () => ({ status: "waiting" }),
      processDataFromNode: () => {},
      customMessage: (node, message) => void heard.push([node, message]),
    }),
    node: () => ({ processDataFromServer: (data: unknown) => data }),
  });
  const { join, order, settle } = await serve(job);
  const [first, second] = [await join({ name: "first" }), await join({ name: "second" })];
  const payload = encodePayload({ rate: 5 });
  await order({ action: "message", payload });
  await order({ action: "message", payload, node: "first" });
  await order({ action: "message", payload, node: "all" });
  await settle();
  assertEquals(heard, [["operator", { rate: 5 }]]);
  const messages = [first, second].map(({ values }) => values.filter((value) => value !== undefined));
  assertEquals(messages, [[{ rate: 5 }, { rate: 5 }], [{ rate: 5 }]]);
});

Deno.test("an order from a node is refused, and its tasks go to others", async () => {
  const { job } = numbers(2);
  const { join, server, system, settle, log } = await serve(job);
  const node = await join({ name: "rebel" });
  for (const action of ["stop", "drain", "message"] as const) {
    const rebel = action === "stop" ? node : await join({ name: "rebel" });
    rebel.say({ type: "order", id: 1, action });
    await settle();
    const word = rebel.control.at(-1);
    assertEquals(word?.type === "refused" && [word.code, word.retry], ["role-refused", false]);
    assertMatch(word?.type === "refused" ? word.message : "", new RegExp(`the order ${action} takes an operator`));
    await system.advance(5_000);
    await rebel.connection.closed;
  }
  assertStringIncludes(log.join("\n"), "order of a node refused");
  const good = await join();
  good.succeed(good.tasks.splice(0), double);
  await settle();
  good.succeed(good.tasks.splice(0), double);
  assertEquals((await system.until(server.done)).outcome, "complete");
});

Deno.test("with a token, only who has the operator's gives orders", async () => {
  const token = createToken();
  const { job } = numbers(1);
  const { order, join } = await serve(job, { config: { token } });
  const nodes = await nodeToken(token);
  assertEquals((await order({ action: "status" }, { token })).ok, true);
  assertEquals((await join({ token: nodes })).isWelcome(), true);
  const cases: [string | undefined, string][] = [
    [nodes, "this is the nodes' token, and orders are for operators"],
    [createToken(), "did not prove that it knows the token"],
    [undefined, "was given none"],
  ];
  for (const [wrong, message] of cases) {
    await assertRejects(() => order({ action: "stop" }, { token: wrong }), OperatorError, message);
  }
});

Deno.test("who tries wrong tokens again and again is not listened to for a while", async () => {
  const token = createToken();
  const { job } = numbers(1);
  const { join, system, log } = await serve(job, { config: { token } });
  for (let i = 0; i < 6; i++) {
    assertEquals((await join({ token: "a wrong token, but long" })).refusal()?.code, "token-mismatch");
  }
  const { code, retry, message } = (await join({ token })).refusal()!;
  assertEquals([code, retry], ["token-attempts", true]);
  assertMatch(message, /^too many wrong tokens came from memory: the next is looked at in 1 s$/);
  await system.advance(1_000);
  assertEquals((await join({ token })).isWelcome(), true);
  assertEquals(log.filter((line) => line.startsWith("error")), []);
});
