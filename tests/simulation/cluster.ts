/**
 * A whole cluster in one process: the real server, real nodes, virtual time, a network that fails, and all of it from
 * a seed.
 *
 * @module
 */
import { createTestSystem, type System, type TestSystem } from "../../actors/mod.ts";
import { type Faults, type FaultyTransport, faultyTransport } from "../../actors/remote/faulty.ts";
import { memoryTransport } from "../../actors/remote/memory.ts";
import type { Transport } from "../../actors/remote/transport.ts";
import type { Logger } from "../../actors/types.ts";
import { defineJob } from "../../job/mod.ts";
import type { Job, Summary } from "../../job/types.ts";
import { type NodeHandle, startNode } from "../../node/mod.ts";
import { checkConfig } from "../../server/config.ts";
import { openJournal } from "../../server/journal/journal.ts";
import type { Journal } from "../../server/journal/types.ts";
import { type ServerHandle, startServer } from "../../server/server.ts";
import { createDice, type Dice, hashed } from "./dice.ts";
import { virtualWorkers } from "./virtual_worker.ts";

/** How much there is of everything. */
export interface Size {
  readonly nodes: number;
  readonly tasks: number;
}

/** What came out of a simulation. */
export interface Outcome {
  readonly summary: Summary;
  /** How often each task was collected in the last life of the server, and with what. */
  readonly collected: ReadonlyMap<number, readonly number[]>;
  /** Lines of the level `error`. */
  readonly errors: readonly string[];
  /** How many times the server was killed. */
  readonly serverCrashes: number;
  /** How many nodes were killed. */
  readonly nodeCrashes: number;
  /** The virtual time that passed, in milliseconds. */
  readonly elapsedMs: number;
}

const address = { host: "server", port: 9_000 };
const versions = { packageVersion: "1.0.0", codeHash: "cd".repeat(32) };
const heartbeatMs = 1_000;
/** For how long things go wrong, in milliseconds of virtual time. */
const troubleMs = 40_000;

/** The value that a task should have. */
export const valueOf = (task: number): number => task * 3 + 1;

interface Member {
  readonly system: System;
  readonly network: FaultyTransport;
  readonly handle: NodeHandle;
}

interface Life {
  readonly system: System;
  readonly server: ServerHandle;
  readonly journal: Journal;
  readonly collected: Map<number, number[]>;
}

interface Cluster {
  readonly seed: number;
  readonly size: Size;
  readonly dice: Dice;
  readonly test: TestSystem;
  readonly wire: Transport;
  readonly folder: string;
  readonly logger: Logger;
  faults: Partial<Faults>;
  members: Member[];
  /** Counts everything that was ever started, for names. */
  started: number;
}

/** The job: tasks of heavy-tailed length, some of which throw at first. */
function jobOf({ seed, size, test }: Cluster, collected: Map<number, number[]>): Job {
  const { clock } = test;
  return defineJob({
    name: "simulated",
    tasks: () => Array.from({ length: size.tasks }, (_, index) => index),
    compute: async (task, { attempt, signal }) => {
      const lengthMs = Math.min(8_000, 20 / (1 - hashed(seed, task, 1)) ** 0.9);
      await new Promise<void>((resolve) => {
        const cancel = clock.setTimer(lengthMs, resolve);
        signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
      });
      if (hashed(seed, task, attempt, 2) < 0.02) throw new Error("now and then");
      return valueOf(task);
    },
    collect: (value, task) => {
      const values = collected.get(task);
      if (values) values.push(value);
      else collected.set(task, [value]);
    },
  });
}

async function startLife(cluster: Cluster): Promise<Life> {
  const { test, wire, folder, logger } = cluster;
  const collected = new Map<number, number[]>();
  const job = jobOf(cluster, collected);
  const { codeHash, packageVersion } = versions;
  const header = { job: job.name, codeHash, packageVersion, options: {}, pinned: false };
  const journal = openJournal(`${folder}/sim.journal`, header, { resume: true, now: 0, run: "ab".repeat(16) });
  const system = test.createPeer({ name: `server-${cluster.started++}`, logger });
  const server = startServer({
    job: { job, options: {}, codeHash },
    config: checkConfig({ heartbeatMs, maxAttempts: 1_000, maxNodeLosses: 1_000_000 }),
    listeners: [await wire.listen(address)],
    ...{ packageVersion, system, logger, journal, epochMs: 0 },
  });
  return { system, server, journal, collected };
}

function startMember(cluster: Cluster): void {
  const { test, wire, dice, logger } = cluster;
  const { clock, random } = test;
  const network = faultyTransport(wire, { clock, random, ...cluster.faults });
  const name = `node-${cluster.started++}`;
  const system = test.createPeer({ name, logger });
  const job = jobOf(cluster, new Map());
  const handle = startNode({
    job: { name: job.name, codeHash: versions.codeHash, workerUrl: "" },
    ...{ address, name, system, transport: network, packageVersion: versions.packageVersion },
    workers: dice.whole(1, 3),
    retryCounter: Infinity,
    retryDelayMs: 200,
    spawnWorker: virtualWorkers(() => job, clock),
  });
  cluster.members.push({ system, network, handle });
}

/** The node's process ends without a word. */
async function killMember({ test, members }: Cluster, member: Member): Promise<void> {
  members.splice(members.indexOf(member), 1);
  member.network.drop();
  await test.until(member.system.stop());
}

/** One thing that goes wrong, drawn now. @returns whether the server is to be killed */
async function mishap(cluster: Cluster, counts: { nodeCrashes: number }): Promise<boolean> {
  const { dice, members, test } = cluster;
  const victim = dice.pick(members);
  switch (dice.whole(0, 6)) {
    case 0:
      victim.network.drop();
      return false;
    case 1:
      victim.network.halfOpen();
      return false;
    case 2: {
      const heal = victim.network.partition();
      test.clock.setTimer(dice.whole(100, 6_000), heal);
      return false;
    }
    case 3:
      counts.nodeCrashes++;
      await killMember(cluster, victim);
      startMember(cluster);
      return false;
    case 4:
      for (const member of members) member.network.drop();
      return false;
    case 5:
      test.stall(dice.whole(10, 5_000));
      return false;
    default:
      return true;
  }
}

async function killServer({ test, members }: Cluster, life: Life): Promise<void> {
  life.journal.close();
  for (const member of members) member.network.drop();
  await test.until(life.system.stop());
}

/** Nodes that were told end by themselves; those that were cut off then would dial for ever, and are stopped. */
async function endNodes({ members, test }: Cluster): Promise<void> {
  await test.advance(10 * heartbeatMs);
  const handles = members.map(({ handle }) => handle);
  for (const handle of handles) {
    const { state } = handle.status();
    if (state !== "ended" && state !== "waiting" && state !== "connecting") throw new Error(`a node is still ${state}`);
    handle.stop("the job is over");
  }
  await test.until(Promise.all(handles.map(({ done }) => done)), { maxMs: 60_000 });
}

/** Runs one cluster to its end. Faults stop after a while; then the job must come to its end. */
export async function simulate(seed: number, size: Size): Promise<Outcome> {
  const errors: string[] = [];
  const ignore = () => {};
  const error: Logger["error"] = (text, fields) => void errors.push(`${text} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error };
  const test = createTestSystem({ seed, logger, quietTicks: 24 });
  const dice = createDice(seed, "cluster");
  const folder = await Deno.makeTempDir();
  const rate = dice.pick([0, 0.001, 0.005]);
  const faults = { dropRate: rate, truncateRate: rate, halfOpenRate: rate / 4, latencyMs: { min: 0, max: 40 } };
  const cluster: Cluster = {
    ...{ seed, size, dice, test, folder, logger, faults },
    wire: memoryTransport({ clock: test.clock }),
    members: [],
    started: 0,
  };
  const counts = { serverCrashes: 0, nodeCrashes: 0 };
  let life = await startLife(cluster);
  try {
    for (let node = 0; node < size.nodes; node++) startMember(cluster);
    let summary: Summary | undefined;
    void life.server.done.then((done) => summary = done);
    while (test.clock.now() < troubleMs && !summary) {
      await test.advance(dice.whole(50, 2_500));
      if (summary || !await mishap(cluster, counts)) continue;
      counts.serverCrashes++;
      await killServer(cluster, life);
      await test.advance(dice.whole(0, 3_000));
      life = await startLife(cluster);
      void life.server.done.then((done) => summary = done);
    }
    for (const { network } of cluster.members) {
      network.setFaults({ dropRate: 0, truncateRate: 0, halfOpenRate: 0 });
    }
    summary ??= await test.until(life.server.done, { maxMs: 600_000 });
    await endNodes(cluster);
    return { ...counts, summary, errors, collected: life.collected, elapsedMs: test.clock.now() };
  } finally {
    life.journal.close();
    await Deno.remove(folder, { recursive: true });
  }
}
