/** Real nodes that lose their network for a while. */
import { assert, assertEquals } from "jsr:@std/assert@^1";
import type { FaultyTransport } from "../../actors/remote/faulty.ts";
import { startCluster } from "./real_nodes.ts";

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
      const { test, server, join, computed, collected } = await startCluster([60_000], seed);
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
    const { test, server, join, computed, collected } = await startCluster([200_000, 120_000], seed);
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
