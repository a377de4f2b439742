/** Real nodes that lose their network for a while, with all settings as they are by default, on virtual time. */
import { assert, assertEquals } from "jsr:@std/assert@^1";
import { createTestSystem, type TestSystem } from "../../actors/mod.ts";
import { type FaultyTransport, faultyTransport } from "../../actors/remote/faulty.ts";
import { memoryTransport } from "../../actors/remote/memory.ts";
import type { Transport } from "../../actors/remote/transport.ts";
import { defineJob } from "../../job/mod.ts";
import type { Job } from "../../job/types.ts";
import { type NodeHandle, startNode } from "../../node/mod.ts";
import { checkConfig } from "../../server/config.ts";
import { type ServerHandle, startServer } from "../../server/server.ts";
import { virtualWorkers } from "../simulation/virtual_worker.ts";
import { identity } from "./fake_node.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

interface Cluster {
  readonly test: TestSystem;
  readonly server: ServerHandle;
  /** Starts a node with one worker. */
  readonly join: (name: string) => { readonly node: NodeHandle; readonly network: FaultyTransport };
  /** What was computed, as `task on node`. */
  readonly computed: string[];
  readonly collected: number[];
}

/** A server for tasks of these lengths, in milliseconds. */
async function start(lengths: readonly number[], seed: number): Promise<Cluster> {
  const test = createTestSystem({ seed, logger: silent });
  const { clock, random } = test;
  const wire: Transport = memoryTransport({ clock });
  const computed: string[] = [];
  const collected: number[] = [];
  const jobOf = (name: string): Job =>
    defineJob({
      name: identity.job,
      tasks: () => lengths.keys(),
      compute: async (task, { signal }) => {
        computed.push(`${task} on ${name}`);
        await new Promise<void>((resolve) => {
          const cancel = clock.setTimer(lengths[task], resolve);
          signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
        });
        return task;
      },
      collect: (task) => void collected.push(task),
    });
  const listener = await wire.listen({ host: "server", port: 9_000 });
  const server = startServer({
    job: { job: jobOf("the server"), options: {}, codeHash: identity.codeHash },
    config: checkConfig({}),
    listeners: [listener],
    ...{ packageVersion: identity.package, system: test, logger: silent, epochMs: 0 },
  });
  const join = (name: string) => {
    const network = faultyTransport(wire, { clock, random });
    const node = startNode({
      job: { name: identity.job, codeHash: identity.codeHash, workerUrl: "" },
      ...{ name, workers: 1, address: listener.address, transport: network, packageVersion: identity.package },
      system: test.createPeer({ name, logger: silent }),
      spawnWorker: virtualWorkers(() => jobOf(name), clock),
    });
    return { node, network };
  };
  return { test, server, join, computed, collected };
}

/** What a network does when it is cut. */
const cuts: Record<string, (network: FaultyTransport) => () => void> = {
  "reset, and refused since": (network) => {
    network.drop();
    network.setFaults({ refuseRate: 1 });
    return () => network.setFaults({ refuseRate: 0 });
  },
  "no word, and all held back": (network) => network.partition(),
  "no word, and all swallowed": (network) => {
    network.halfOpen();
    network.setFaults({ refuseRate: 1 });
    return () => network.setFaults({ refuseRate: 0 });
  },
};

for (const [how, cut] of Object.entries(cuts)) {
  Deno.test(`node that is cut off for 20 s in a task of 60 s delivers it, computed once (${how})`, async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { test, server, join, computed, collected } = await start([60_000], seed);
      const { node, network } = join("far");
      await test.advance(20_000);
      const mend = cut(network);
      await test.advance(20_000);
      mend();
      const summary = await test.until(server.done, { maxMs: 600_000 });
      assertEquals([computed, collected], [["0 on far"], [0]], `seed ${seed}`);
      assertEquals([summary.outcome, summary.retried, summary.dropped, summary.nodesLost], ["complete", 0, 0, 0]);
      const ended = await test.until(node.done);
      assertEquals([ended.outcome, ended.computed], ["finished", 1], ended.message);
    }
  });
}

Deno.test("task whose node is back is taken back from where it waits behind another, and computed once", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { test, server, join, computed, collected } = await start([200_000, 120_000], seed);
    const { network } = join("far");
    await test.advance(1_000);
    join("near");
    await test.advance(19_000);
    const mend = cuts["reset, and refused since"](network);
    await test.advance(20_000);
    mend();
    const summary = await test.until(server.done, { maxMs: 600_000 });
    assertEquals([computed.sort(), collected], [["0 on far", "1 on near"], [1, 0]], `seed ${seed}`);
    assert(summary.elapsedMs < 202_000, `${summary.elapsedMs} ms`);
  }
});
