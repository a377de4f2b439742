/** Real servers and nodes on hosts of their own, and a cable between them that is pulled: no reset, no word. */
import { assertEquals } from "jsr:@std/assert@^1";
import { temporaryFolder } from "../process/harness.ts";
import { assertComplete, computedBy, expected, last, startCluster } from "./cluster.ts";
import { connectedHosts } from "./namespaces.ts";

const total = expected();
const heartbeatMs = 500;

for (const end of ["near", "far"] as const) {
  Deno.test(`a cable that is pulled at the ${end} end for several heartbeats costs nothing but time`, async () => {
    using hosts = connectedHosts();
    if (!hosts) return;
    using folder = temporaryFolder();
    const { near, far } = hosts;
    await using cluster = startCluster(folder.path, heartbeatMs, { via: near.via, host: near.address });
    const server = await cluster.serve(["--no-journal", "--no-speculate"], { slow: 20, slowMs: 6_000 });
    const node = cluster.join("far", cluster.address(), far.via);
    await server.line(/computing 20\./);
    hosts[end].link("down");
    await server.line(/connection of node far closed: nothing heard for more than 1\.75 heartbeats/);
    await last(4 * heartbeatMs);
    hosts[end].link("up");
    await node.line(/taken back by the server/);
    const { stderr } = await assertComplete(server, [node], total);
    assertEquals(stderr.match(/computing 20\./g)?.length, 1);
    assertEquals(await computedBy(node), 100);
    assertEquals(/nodes? lost/.test(stderr), false, stderr);
  });
}

Deno.test("work behind a pulled cable is done by others, and counted once when the cable is back", async () => {
  using hosts = connectedHosts();
  if (!hosts) return;
  using folder = temporaryFolder();
  const { near, far } = hosts;
  await using cluster = startCluster(folder.path, heartbeatMs, { via: near.via, host: near.address });
  const gate = `${folder.path}/gate`;
  const server = await cluster.serve(["--no-journal", "--no-speculate"], { slow: 0, slowMs: 1e6, gate, gateAt: 99 });
  const away = cluster.join("away", cluster.address(), far.via);
  await server.line(/computing 0\./);
  const here = cluster.join("here", cluster.address(), near.via);
  await server.line(/node here joined/);
  far.link("down");
  await server.line(/^collected 99$/);
  far.link("up");
  await server.line(/node away is back/);
  Deno.writeTextFileSync(gate, "");
  const { stderr } = await assertComplete(server, [away, here], total);
  assertEquals(stderr.match(/computing 0\./g)?.length, 2);
});
