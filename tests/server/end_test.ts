/** How a job with real nodes ends: for all of them, and soon. */
import { assert, assertEquals } from "jsr:@std/assert@^1";
import type { NodeSummary } from "../../node/mod.ts";
import { type Cluster, startCluster } from "./real_nodes.ts";

/** A second, which is what a node has. */
const endMsMax = 1_000;

/** Starts nodes on networks of all speeds, and notes when each ends. */
function joinMany({ test, join }: Cluster, count: number) {
  const ends = new Map<string, { readonly atMs: number; readonly outcome: NodeSummary["outcome"] }>();
  for (let index = 0; index < count; index++) {
    const name = `node-${index}`;
    const { node, network } = join(name);
    network.setFaults({ latencyMs: { min: index, max: 5 * index } });
    void node.done.then(({ outcome }) => ends.set(name, { atMs: test.clock.now(), outcome }));
  }
  return ends;
}

function assertEnded(ends: ReturnType<typeof joinMany>, count: number, sinceMs: number): void {
  assertEquals(ends.size, count);
  for (const [name, { atMs, outcome }] of ends) {
    assertEquals(outcome, "finished", name);
    assert(atMs - sinceMs <= endMsMax, `${name} ended after ${atMs - sinceMs} ms`);
  }
}

Deno.test("every node ends within a second of the job's last result, also one whose task never ends", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const cluster = await startCluster([Infinity, ...Array.from({ length: 60 }, () => 2_000)], seed);
    const { test, server, collected, collectedMs } = cluster;
    const ends = joinMany(cluster, 20);
    const summary = await test.until(server.done, { maxMs: 600_000 });
    await test.advance(endMsMax);
    assertEquals([summary.outcome, summary.speculated, collected.length], ["complete", 1, 61], `seed ${seed}`);
    assertEnded(ends, 20, collectedMs());
  }
});

Deno.test("every node ends within a second of the server's stop, in the middle of its tasks", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const cluster = await startCluster(Array.from({ length: 60 }, () => 60_000), seed);
    const { test, server } = cluster;
    const ends = joinMany(cluster, 20);
    await test.advance(30_000);
    const sinceMs = test.clock.now();
    server.stop("enough");
    assertEquals((await test.until(server.done)).outcome, "stopped");
    assert(test.clock.now() - sinceMs <= endMsMax);
    await test.advance(endMsMax);
    assertEnded(ends, 20, sinceMs);
  }
});

Deno.test("the end of the server does not wait for a node that hears nothing any more", async () => {
  const cluster = await startCluster([30_000, 30_000], 1);
  const { test, server, join } = cluster;
  const deaf = join("deaf");
  const ends = joinMany(cluster, 1);
  await test.advance(31_000);
  deaf.network.halfOpen();
  const sinceMs = test.clock.now();
  server.stop("enough");
  await test.until(server.done);
  assert(test.clock.now() - sinceMs <= endMsMax);
  assertEnded(ends, 1, sinceMs);
});
