import { assert, assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import type { JobNode } from "../../job/types.ts";
import { failureIn } from "./fake_server.ts";
import { simulate, type Simulation } from "./simulation.ts";

const calm = { heartbeatMs: 1_000_000 };
const hang = (): JobNode => ({ processDataFromServer: () => new Promise(() => {}) });
const echo = (): JobNode => ({ processDataFromServer: (data) => data });

const allTerminated = ({ workers }: Simulation): boolean => workers.started.every((worker) => worker.isTerminated());

Deno.test("a node ends at once when the job is over, whatever user code does", async () => {
  await simulate({ half: hang, node: { workers: 2 } }, async (simulation) => {
    const { test, accept, node } = simulation;
    const peer = await accept(calm);
    peer.give([1, 2, 3]);
    await test.advance(100);
    peer.control({ type: "finished", outcome: "complete", message: "3 tasks collected" });
    const { outcome, message } = await test.until(node.done);
    assertEquals(outcome, "finished");
    assertStringIncludes(message, "complete: 3 tasks collected");
    assert(test.clock.now() - 100 < 1000, `after ${test.clock.now() - 100} ms`);
    assert(allTerminated(simulation));
    assertEquals(node.status().state, "ended");
    assertEquals(peer.received.filter(({ kind }) => kind === "results"), []);
  });
});

Deno.test("a node that is stopped hands its tasks back, takes leave and ends", async () => {
  await simulate({ half: hang, node: { workers: 2 } }, async (simulation) => {
    const { test, accept, node } = simulation;
    const peer = await accept(calm);
    peer.give([1, 2, 3], { first: 5, attempt: 4 });
    await test.advance(100);
    node.stop("SIGTERM was received");
    node.stop("again");
    const results = await test.until(peer.results(3));
    assertEquals(results.map(({ task, attempt }) => [task, attempt]).sort(), [[5, 4], [6, 4], [7, 4]]);
    for (const result of results) assertEquals(failureIn(result).kind, "handed-back");
    assertEquals((await test.until(peer.controls("leave")))[0].reason, "SIGTERM was received");
    peer.close();
    const summary = await test.until(node.done);
    assertEquals(summary, { outcome: "stopped", message: "SIGTERM was received", computed: 0, failed: 0 });
    assert(allTerminated(simulation));
  });
});

Deno.test("a server that does not close cannot keep a node that leaves", async () => {
  await simulate({ half: echo }, async ({ test, accept, node }) => {
    await accept(calm);
    node.stop("enough");
    assertEquals((await test.until(node.done, { maxMs: 3000 })).outcome, "stopped");
  });
});

Deno.test("a node that is stopped before it has its initial data goes at once", async () => {
  for (const graceMs of [0, 10_000]) {
    await simulate({ half: echo }, async ({ test, accept, node }) => {
      const peer = await accept({ ...calm, noInitial: true });
      await test.advance(10);
      node.stop("never mind", { graceMs });
      await test.until(peer.controls("leave"));
      peer.close();
      await test.until(node.done, { maxMs: 100 });
    });
  }
});

Deno.test("a node can be stopped before it has reached its server", async () => {
  await simulate({ half: echo }, async ({ test, server, node }) => {
    server.close();
    await test.advance(10);
    node.stop("never mind");
    assertEquals(await test.until(node.done), { outcome: "stopped", message: "never mind", computed: 0, failed: 0 });
  });
  await simulate({ half: echo }, async ({ test, accept, node }) => {
    await accept("silent");
    node.stop("never mind");
    assertEquals((await test.until(node.done)).outcome, "stopped");
  });
});

Deno.test("a job that cannot be loaded ends the node, once, with the error", async () => {
  const worker = { loadError: "Uncaught Error: boom at import" };
  await simulate({ half: echo, worker, node: { workers: 3 } }, async (simulation) => {
    const { outcome, message } = await simulation.test.until(simulation.node.done);
    assertEquals(outcome, "failed");
    assertStringIncludes(message, "cannot run the job in a worker: Uncaught Error: boom at import");
    await simulation.test.advance(100_000);
    assertEquals(simulation.workers.started.length, 3);
    assert(allTerminated(simulation));
  });
});

Deno.test("a job that is never loaded ends the node, and its tasks go back", async () => {
  await simulate({ half: echo, worker: { neverLoads: true } }, async ({ test, accept, node }) => {
    const peer = await accept(calm);
    peer.give([1, 2]);
    const results = await test.until(peer.results(2), { maxMs: 61_000 });
    for (const result of results) assertEquals(failureIn(result).kind, "handed-back");
    assertStringIncludes((await test.until(peer.controls("leave")))[0].reason, "was not loaded within 60 s");
    assertEquals((await test.until(node.done)).outcome, "failed");
  });
});

Deno.test("workers that fail again and again outside of tasks end the node", async () => {
  await simulate({ half: echo }, async ({ test, accept, node, workers }) => {
    await accept(calm);
    for (let round = 0; round < 6; round++) {
      await test.advance(10);
      workers.started.at(-1)!.throwOutside(new Error("in an interval"));
    }
    const { outcome, message } = await test.until(node.done);
    assertEquals(outcome, "failed");
    assertStringIncludes(message, "in an interval");
    assertEquals(workers.started.length, 7);
  });
});

Deno.test("a fault of the node itself ends it with a word", async () => {
  await simulate({ half: echo }, async ({ test, accept, node, workers }) => {
    await accept(calm);
    await test.advance(10);
    await test.until(test.stop());
    assertEquals((await test.until(node.done)).outcome, "failed");
    assert(workers.started[0].isTerminated());
  });
});
