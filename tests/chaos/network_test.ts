/** Real servers and nodes with a bad network between them. */
import { assert, assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { temporaryFolder } from "../process/harness.ts";
import { assertComplete, computedBy, expected, last, startCluster } from "./cluster.ts";
import { startProxy } from "./proxy.ts";

const total = expected();

for (const how of ["reset", "close"] as const) {
  Deno.test(`a task goes on while its node's connection is cut (${how}), and nothing is computed twice`, async () => {
    using folder = temporaryFolder();
    const heartbeatMs = 200;
    await using cluster = startCluster(folder.path, heartbeatMs);
    const server = await cluster.serve(["--no-journal", "--no-speculate"], { slow: 20, slowMs: 3_000 });
    await using proxy = await startProxy(cluster.address());
    const node = cluster.join("far", proxy.address);
    await server.line(/computing 20\./);
    proxy.cut(how);
    await server.line(/node far is lost/);
    await last(1_500);
    proxy.mend();
    await node.line(/taken back by the server/);
    const { stderr } = await assertComplete(server, [node], total);
    assertEquals(stderr.match(/computing 20\./g)?.length, 1);
    assertEquals(await computedBy(node), 100);
    assertEquals(/nodes? lost/.test(stderr), false, stderr);
  });
}

Deno.test("a connection that carries nothing any more is noticed by its silence, and others do the work", async () => {
  using folder = temporaryFolder();
  const heartbeatMs = 1_000;
  await using cluster = startCluster(folder.path, heartbeatMs);
  const gate = `${folder.path}/gate`;
  const server = await cluster.serve(["--no-journal", "--no-speculate"], { slow: 0, slowMs: 1e6, gate, gateAt: 99 });
  await using proxy = await startProxy(cluster.address());
  const far = cluster.join("far", proxy.address);
  await server.line(/computing 0\./);
  const near = cluster.join("near");
  await server.line(/node near joined/);
  const startMs = performance.now();
  proxy.swallow();
  await server.line(/connection of node far closed: nothing heard for more than 1\.75 heartbeats/);
  const noticedMs = performance.now() - startMs;
  // The promise is two heartbeats of the server's own time; the rest is for a busy machine.
  assert(noticedMs < 2 * heartbeatMs + 2_000, `noticed after ${noticedMs} ms`);
  await server.line(/^collected 99$/);
  proxy.mend();
  await server.line(/node far is back/);
  Deno.writeTextFileSync(gate, "");
  const { stderr } = await assertComplete(server, [far, near], total);
  assertEquals(stderr.match(/computing 0\./g)?.length, 2);
});

Deno.test("frames that end in the middle cost their connection, and nothing else", async () => {
  using folder = temporaryFolder();
  await using cluster = startCluster(folder.path, 500);
  const gate = `${folder.path}/gate`;
  const server = await cluster.serve(["--no-journal"], { gate, gateAt: 90 });
  await using proxy = await startProxy(cluster.address());
  const node = cluster.join("far", proxy.address);
  for (const bytesMin of [500, 2, 500, 2]) {
    for (const direction of ["up", "down"] as const) {
      await proxy.truncate(direction, direction === "up" ? bytesMin : 2);
    }
  }
  Deno.writeTextFileSync(gate, "");
  const { stderr } = await assertComplete(server, [node], total);
  assertMatch(stderr, /connection of node far closed: the stream ended inside a/);
  assert(proxy.connections() > 8, `${proxy.connections()} connections`);
});

Deno.test("a network of 300 ms each way loses nobody and nothing", async () => {
  using folder = temporaryFolder();
  await using cluster = startCluster(folder.path, 1_000);
  const server = await cluster.serve();
  await using proxy = await startProxy(cluster.address(), 300);
  const nodes = [cluster.join("far", proxy.address), cluster.join("further", proxy.address)];
  const { stderr } = await assertComplete(server, nodes, total);
  assertMatch(stderr, /^complete: 100 tasks in .* on 2 nodes, 0 retried/m);
  assertEquals(/lost/.test(stderr), false, stderr);
});
