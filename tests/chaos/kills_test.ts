/**
 * Servers and nodes that are killed again and again in the middle of a job.
 *
 * The moments come from a seed and follow what was collected. `GRISTMILL_CHAOS_KILLS=50` kills so often, in a job of
 * 4000 x 4000 pixels and 1000 iterations; `GRISTMILL_CHAOS_SEED` chooses other moments. A failure names both.
 */
import { assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { temporaryFolder } from "../process/harness.ts";
import { createDice } from "../simulation/dice.ts";
import { assertComplete, expected, startCluster } from "./cluster.ts";

const killsAsked = Deno.env.get("GRISTMILL_CHAOS_KILLS");
const seed = Number(Deno.env.get("GRISTMILL_CHAOS_SEED") ?? 1);
const kills = Number(killsAsked ?? 8);
const size = killsAsked === undefined ? 1_000 : 4_000;
const maxIterations = killsAsked === undefined ? 500 : 1_000;
const chunk = size / 20;
const tiles = 400;

/** What is killed, and after how many results. Some follow at once, also while a server still resumes. */
interface Kill {
  readonly after: number;
  readonly victim: "server" | "node";
}

function draw(): Kill[] {
  const dice = createDice(seed, "kills");
  const moments: number[] = [];
  while (moments.length < kills) {
    const again = moments.length > 0 && dice.chance(0.25);
    moments.push(again ? dice.pick(moments) : dice.whole(1, tiles - 10));
  }
  const victims = ["server", "node"] as const;
  return moments.sort((a, b) => a - b).map((after, index) => ({ after, victim: victims[index % 2] }));
}

Deno.test(`a job whose processes are killed ${kills} times counts every result once (seed ${seed})`, async () => {
  using folder = temporaryFolder();
  await using cluster = startCluster(folder.path, 500);
  const gate = `${folder.path}/gate`;
  const serve = () => cluster.serve(["--resume"], { size, maxIterations, chunk, gate, gateAt: tiles - 5 });
  let server = await serve();
  const names = ["first", "second"];
  const nodes = names.map((name) => cluster.join(name));
  let nodesKilled = 0;
  for (const { after, victim } of draw()) {
    await server.line(new RegExp(`^collected ${after}$`));
    if (victim === "server") {
      server.kill("SIGKILL");
      await server.exit();
      server = await serve();
    } else {
      const at = nodesKilled++ % nodes.length;
      nodes[at].kill("SIGKILL");
      await nodes[at].exit();
      names[at] = `successor${nodesKilled}`;
      nodes[at] = cluster.join(names[at]);
    }
  }
  // Who comes when the job is over finds nobody, and would not know why.
  for (const name of names) await server.line(new RegExp(`node ${name} (joined|is back)`));
  Deno.writeTextFileSync(gate, "");
  const { stderr } = await assertComplete(server, nodes, expected(size, maxIterations, chunk));
  assertMatch(stderr, /^complete: 400 tasks in .* [1-9]\d* from the journal/m);
  assertEquals(/failed/.test(stderr), false, stderr);
  // deno-lint-ignore no-console -- for whoever asked for it
  if (killsAsked !== undefined) console.log(stderr.match(/^complete: .*$/m)?.[0]);
});
