import { assert, assertEquals, assertNotEquals } from "jsr:@std/assert@^1";
import { troubleNames } from "./faults.ts";
import { replayCommand } from "./replay.ts";
import { simulate } from "./simulate.ts";

/** So many clusters are simulated; the command does more: see CONTRIBUTING.md. */
const seeds = 100;
const size = { nodes: 6, tasks: 200 };

Deno.test("clusters whose network, disk, nodes and server fail hold every guarantee at every step", async () => {
  const seen = new Map<string, number>();
  const kinds = new Set<string>();
  for (let seed = 1; seed <= seeds; seed++) {
    const { troubles, scenario, summary } = await simulate(seed, size).catch((cause) => {
      throw new Error(`seed ${seed} fails; again with: ${replayCommand(seed, size)}`, { cause });
    });
    kinds.add(scenario.kind);
    const counts = { ...Object.fromEntries(troubles), ...{ retried: summary.retried, dropped: summary.dropped } };
    for (const [what, count] of Object.entries(counts)) seen.set(what, (seen.get(what) ?? 0) + count);
  }
  for (const what of [...troubleNames, "retried", "dropped"]) assert(seen.get(what), `no seed has led to: ${what}`);
  assertEquals([...kinds].sort(), ["needs", "pinned", "plain", "replicas"]);
});

Deno.test("the same seed leads to the same events, and another one to others", async () => {
  const [first, again, other] = [await simulate(7, size), await simulate(7, size), await simulate(8, size)];
  assert(first.events > 500, `only ${first.events} events`);
  assertEquals([again.trace, again.events], [first.trace, first.events]);
  assertNotEquals(other.trace, first.trace);
});
