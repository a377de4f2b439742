/** Real servers and nodes that stand still for a while. */
import { assert, assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { temporaryFolder } from "../process/harness.ts";
import { assertComplete, expected, last, startCluster } from "./cluster.ts";

const total = expected();
const heartbeatMs = 200;

Deno.test("a node that is stopped is given up, and works again when it goes on", async () => {
  using folder = temporaryFolder();
  await using cluster = startCluster(folder.path, heartbeatMs);
  const gate = `${folder.path}/gate`;
  const server = await cluster.serve(["--no-journal"], { slow: 5, slowMs: 1e6, gate, gateAt: 50 });
  const nodes = [cluster.join("stopped")];
  await server.line(/computing 5\./);
  nodes.push(cluster.join("steady"));
  await server.line(/node steady joined/);
  nodes[0].kill("SIGSTOP");
  await server.line(/node stopped is lost/);
  await last(3 * 1.75 * heartbeatMs);
  await server.line(/^collected 50$/);
  nodes[0].kill("SIGCONT");
  await server.line(/node stopped is back/);
  Deno.writeTextFileSync(gate, "");
  const { stderr } = await assertComplete(server, nodes, total);
  assert(/computing [5-9]\d\. .*node=stopped/.test(stderr), stderr);
});

Deno.test("a server that its job keeps busy for five heartbeats loses no node and no connection", async () => {
  using folder = temporaryFolder();
  await using cluster = startCluster(folder.path, heartbeatMs);
  const server = await cluster.serve(["--no-journal"], { blockAt: 20, blockMs: 5 * heartbeatMs });
  const nodes = [cluster.join("one"), cluster.join("other")];
  const { stderr } = await assertComplete(server, nodes, total);
  assertMatch(stderr, /^complete: 100 tasks in .* on 2 nodes/m);
  assertEquals(/\d nodes? lost|is lost|is back|[1-9]\d* retried/.test(stderr), false, stderr);
});
