/**
 * Runs one cluster from a seed, through all that goes wrong, to its end; and holds it to its guarantees on the way.
 *
 * @module
 */
import type { Summary } from "../../job/types.ts";
import { type Cluster, createCluster, type Spectators, startMember, type Troubles } from "./cluster.ts";
import { checkEnd } from "./end_check.ts";
import { mishap, restartServer } from "./faults.ts";
import { hasEnded } from "./ledger.ts";
import { noBug } from "./planted.ts";
import { drawScenario, heartbeatMs, type Scenario, type Size } from "./scenario.ts";

/** What came out of a simulation. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly summary: Summary;
  /** What went wrong, and how often. */
  readonly troubles: Troubles;
  /** Stands for all that has happened. */
  readonly trace: string;
  readonly events: number;
  /** The virtual time that passed, in milliseconds. */
  readonly elapsedMs: number;
}

/** A guarantee does not hold. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** How often all is looked at, in milliseconds of virtual time. */
const lookMs = 250;
/** When nothing goes wrong any more, something must be done at least this often, in milliseconds. */
const idleMsMax = 90_000;
/** How many nodes join when nothing goes wrong any more: others may have left. */
const freshNodes = 6;
/** How long nodes may take to end that were told to, in milliseconds. */
const endMsMax = 60_000;

/** Looks at what can be said between two steps. @throws {Violation} If anything is not as it should be. */
function look({ watch, violations, test, onLook }: Cluster): void {
  watch.check();
  const [first] = violations;
  if (first) throw new Violation(`${first} (at ${Math.round(test.clock.now())} ms)`);
  const { collected, failed } = watch.ledger.life;
  onLook(collected.size + failed.size, test.clock.now());
}

async function pass(cluster: Cluster, ms: number): Promise<void> {
  const { test } = cluster;
  const endMs = test.clock.now() + ms;
  while (test.clock.now() < endMs) {
    await test.advance(Math.min(lookMs, endMs - test.clock.now()));
    look(cluster);
    if (cluster.life.machine.isDead()) await restartServer(cluster, false);
  }
}

async function trouble(cluster: Cluster): Promise<void> {
  const { scenario: { troubleMs, calmMsMax }, test, dice } = cluster;
  while (test.clock.now() < troubleMs && !cluster.life.summary) {
    await pass(cluster, dice.between(50, calmMsMax));
    if (cluster.life.summary) return;
    await mishap(cluster);
    look(cluster);
  }
}

/** Nothing goes wrong any more: the job must come to its end, and nobody may hold what nobody waits for. */
async function calm(cluster: Cluster): Promise<Summary> {
  const { test, watch: { ledger }, members, disk } = cluster;
  const none = { dropRate: 0, truncateRate: 0, halfOpenRate: 0 };
  disk.dies = "no";
  cluster.faults = { ...cluster.faults, ...none };
  for (const { network } of members) network.setFaults(none);
  // Each zone has a node again, and each task enough of them that are honest.
  for (let node = 0; node < freshNodes; node++) startMember(cluster);
  let doneMs = test.clock.now();
  let done = -1;
  while (!cluster.life.summary) {
    await pass(cluster, lookMs);
    for (const { watch, handle } of members) {
      if (handle.status().state === "working") watch.checkOrphans((task) => hasEnded(ledger, task));
    }
    const { collected, failed } = ledger.life;
    if (collected.size + failed.size !== done) doneMs = test.clock.now();
    done = collected.size + failed.size;
    if (test.clock.now() - doneMs > idleMsMax) {
      throw new Violation(`nothing was done for ${idleMsMax / 1_000} s, and ${done} tasks have ended`);
    }
  }
  return cluster.life.summary;
}

/** Nodes that were told end by themselves; those that were cut off then would dial for ever, and are stopped. */
async function endNodes(cluster: Cluster): Promise<void> {
  const { members, test } = cluster;
  await pass(cluster, 10 * heartbeatMs);
  for (const { handle, name } of members) {
    const { state } = handle.status();
    if (state !== "ended" && state !== "waiting" && state !== "connecting") {
      throw new Violation(`node ${name} is still ${state} after the end of the job`);
    }
    handle.stop("the job is over");
  }
  await test.until(Promise.all(members.map(({ handle }) => handle.done)), { maxMs: endMsMax });
  await pass(cluster, heartbeatMs);
}

/**
 * Runs one cluster to its end. Faults stop after a while; then the job must come to its end.
 *
 * @throws {Violation} If a guarantee does not hold.
 */
export async function simulate(
  seed: number,
  size: Size,
  { bug = noBug, onLook = () => {} }: Partial<Spectators> = {},
): Promise<Outcome> {
  const cluster = await createCluster(drawScenario(seed, size), { bug, onLook });
  try {
    for (let node = 0; node < size.nodes; node++) startMember(cluster);
    await trouble(cluster);
    const summary = await calm(cluster);
    await endNodes(cluster);
    checkEnd(cluster, summary);
    look(cluster);
    const { scenario, troubles, trace, test } = cluster;
    return {
      ...{ scenario, summary, troubles },
      ...{ trace: trace.hash(), events: trace.count(), elapsedMs: test.clock.now() },
    };
  } finally {
    cluster.life.journal.close();
    if (cluster.folder !== undefined) await Deno.remove(cluster.folder, { recursive: true });
  }
}
