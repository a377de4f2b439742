/** What a server that talks garbage does to a node: its tasks fail, and the node lives. */
import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import type { JobNode } from "../../job/types.ts";
import { failureIn, valuesOf } from "./fake_server.ts";
import { simulate } from "./simulation.ts";

const garbage = new Uint8Array([8, 0, 0, 0, 1, 0, 0, 0, 0xc1, 0xff]);
const half = (): JobNode => ({ processDataFromServer: (data) => data, customMessage: () => {} });

Deno.test("initial data that cannot be read is the failure of every task, and the node stays", async () => {
  await simulate({ half }, async ({ test, accept, node }) => {
    const peer = await accept({ noInitial: true, heartbeatMs: 10_000 });
    peer.send({ kind: "initial", payload: garbage });
    peer.give([1, 2]);
    for (const result of await test.until(peer.results(2))) {
      const { kind, message } = failureIn(result);
      assertEquals(kind, "decode");
      assertStringIncludes(message, "the job's options or initial data cannot be read");
    }
    assertEquals(node.status().state, "working");
  });
});

Deno.test("options that cannot be read are the failure of every task", async () => {
  await simulate({ half }, async ({ test, accept }) => {
    const peer = await accept("silent");
    const { protocol, package: version } = peer.hello;
    const identity = { protocol, package: version, node: "00000000000000aa", run: "5e".repeat(16) };
    peer.control({ type: "welcome", ...identity, resumed: false, heartbeatMs: 1_000, options: garbage });
    peer.send({ kind: "initial", payload: undefined });
    peer.give([1]);
    const [result] = await test.until(peer.results(1));
    assertEquals(failureIn(result).kind, "decode");
  });
});

Deno.test("a custom message that cannot be read is said in the log, and the next task is computed", async () => {
  await simulate({ half }, async ({ test, accept }) => {
    const peer = await accept();
    peer.send({ kind: "custom", payload: garbage });
    peer.give(["fine"]);
    assertEquals(valuesOf(await test.until(peer.results(1))).get(0), "fine");
    const [line] = await test.until(peer.controls("log"));
    assertStringIncludes(line.text, "customMessage failed");
    assertStringIncludes(line.text, "do not hold a value");
  });
});

Deno.test("orders about attempts that nobody has, and tasks twice, do nothing", async () => {
  await simulate({ half }, async ({ test, accept, node }) => {
    const peer = await accept();
    const attempts = [0, 1, Number.MAX_SAFE_INTEGER].map((task) => ({ task, attempt: 2 ** 32 - 1 }));
    peer.control({ type: "cancel", attempts });
    peer.control({ type: "recall", attempts });
    peer.send({ kind: "acks", attempts });
    peer.send({ kind: "held", attempts });
    peer.control({ type: "progress", task: 1, attempt: 1, fraction: 0.5 });
    peer.give(["a", "b"], { first: Number.MAX_SAFE_INTEGER - 1 });
    const values = valuesOf(await test.until(peer.results(2)));
    assertEquals([...values], [[Number.MAX_SAFE_INTEGER - 1, "a"], [Number.MAX_SAFE_INTEGER, "b"]]);
    assertEquals(node.status().state, "working");
  });
});
