import { assert, assertEquals } from "jsr:@std/assert@^1";
import { type Outcome, simulate, valueOf } from "./cluster.ts";

/** So many clusters are simulated, from this seed on; both can be set to look further. */
const seeds = Number(Deno.env.get("GRISTMILL_SEEDS") ?? 50);
const firstSeed = Number(Deno.env.get("GRISTMILL_SEED") ?? 1);
const size = { nodes: 6, tasks: 250 };

function check({ summary, collected, errors }: Outcome): void {
  assertEquals([summary.outcome, summary.reason], ["complete", undefined]);
  assertEquals([summary.collected, summary.failed, collected.size], [size.tasks, 0, size.tasks]);
  for (const [task, values] of collected) assertEquals(values, [valueOf(task)], `task ${task}`);
  assertEquals(errors, []);
}

Deno.test("a cluster whose network, nodes and server fail collects every task exactly once", async () => {
  const seen = { serverCrashes: 0, nodeCrashes: 0, retried: 0, dropped: 0 };
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    try {
      const outcome = await simulate(seed, size);
      check(outcome);
      seen.serverCrashes += outcome.serverCrashes;
      seen.nodeCrashes += outcome.nodeCrashes;
      seen.retried += outcome.summary.retried;
      seen.dropped += outcome.summary.dropped;
    } catch (cause) {
      const again = `GRISTMILL_SEED=${seed} GRISTMILL_SEEDS=1 npm test -- tests/simulation`;
      throw new Error(`seed ${seed} fails; again with: ${again}`, { cause });
    }
  }
  if (seeds < 50) return;
  for (const [what, count] of Object.entries(seen)) assert(count > 0, `no seed has led to ${what}`);
});
