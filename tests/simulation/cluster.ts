/**
 * A whole cluster in one process: the real server, real nodes, machines of their own, virtual time, and a network and a
 * disk that fail.
 *
 * @module
 */
import { createTestSystem, type TestSystem } from "../../actors/mod.ts";
import { type FaultyTransport, faultyTransport } from "../../actors/remote/faulty.ts";
import { memoryTransport } from "../../actors/remote/memory.ts";
import type { Listener, Transport } from "../../actors/remote/transport.ts";
import type { Logger } from "../../actors/types.ts";
import type { Summary } from "../../job/types.ts";
import { type NodeHandle, startNode } from "../../node/mod.ts";
import { checkConfig } from "../../server/config.ts";
import { openJournal } from "../../server/journal/journal.ts";
import type { Journal } from "../../server/journal/types.ts";
import { createPeers } from "../../server/peers.ts";
import { type ServerHandle, startServerWith } from "../../server/server.ts";
import { createDice, type Dice } from "./dice.ts";
import { type DiskState, faultyJournal } from "./disk.ts";
import { serverJob, workerJob } from "./jobs.ts";
import { createMachine, type Machine } from "./machine.ts";
import { createDisk, type Disk, openMemoryJournal } from "./memory_journal.ts";
import { createNodeWatch, type NodeWatch } from "./node_watch.ts";
import type { Bug } from "./planted.ts";
import { heartbeatMs, isLiar, type Scenario } from "./scenario.ts";
import { createServerWatch, type ServerWatch } from "./server_watch.ts";
import { tapLink } from "./tap.ts";
import { createTrace, type Trace } from "./trace.ts";
import { virtualWorkers } from "./virtual_worker.ts";

const address = { host: "server", port: 9_000 };
const versions = { packageVersion: "1.0.0", codeHash: "cd".repeat(32) };

/** A node on its machine. */
export interface Member {
  readonly name: string;
  readonly machine: Machine;
  readonly network: FaultyTransport;
  readonly handle: NodeHandle;
  readonly watch: NodeWatch;
  /** What of it lives: workers, and ends of connections. */
  readonly alive: { workers: number; links: number };
  isLeaving: boolean;
}

/** One life of the server. */
export interface Life {
  readonly machine: Machine;
  readonly server: ServerHandle;
  readonly journal: Journal;
  readonly listener: Listener;
  /** How the job went, once it is over. */
  summary: Summary | undefined;
}

/** What has gone wrong, by its name and how often. */
export type Troubles = Map<string, number>;

/** Who looks on, or meddles. */
export interface Spectators {
  /** A bug to plant. */
  readonly bug: Bug;
  /** Hears now and then how many tasks have ended, and how much virtual time has passed, in milliseconds. */
  readonly onLook: (ended: number, virtualMs: number) => void;
}

/** See the module. */
export interface Cluster extends Spectators {
  readonly scenario: Scenario;
  readonly dice: Dice;
  readonly test: TestSystem;
  readonly wire: Transport;
  readonly logger: Logger;
  readonly trace: Trace;
  readonly watch: ServerWatch;
  readonly disk: DiskState;
  readonly memory: Disk;
  /** Where the journal is, if it is a file. */
  readonly folder: string | undefined;
  readonly members: Member[];
  readonly dead: Set<string>;
  readonly violations: string[];
  readonly troubles: Troubles;
  /** Lines of the level `error`. */
  readonly errors: string[];
  /** What may still go wrong with nodes that join now. */
  faults: Scenario["faults"];
  /** Counts everything that was ever started, for names. */
  started: number;
  life: Life;
}

/** Notes that something has happened. */
export function happened({ troubles, trace }: Cluster, what: string): void {
  troubles.set(what, (troubles.get(what) ?? 0) + 1);
  trace.event(what);
}

/** Builds a cluster; its nodes are yet to be started. */
export async function createCluster(scenario: Scenario, spectators: Spectators): Promise<Cluster> {
  const { seed } = scenario;
  const errors: string[] = [];
  const violations: string[] = [];
  const dead = new Set<string>();
  const ignore = () => {};
  const logger: Logger = {
    ...{ debug: ignore, info: ignore, warn: ignore },
    error: (text, fields) => void errors.push(`${text} ${Deno.inspect(fields)}`),
  };
  const test = createTestSystem({ seed, logger, quietTicks: 24 });
  const cluster: Omit<Cluster, "life"> = {
    ...{ ...spectators, scenario, test, logger, errors, violations, dead },
    dice: createDice(seed, "cluster"),
    wire: memoryTransport({ clock: test.clock }),
    trace: createTrace(test.clock),
    watch: createServerWatch({
      ...{ scenario, clock: test.clock, isDead: (name) => dead.has(name) },
      violated: (what) => void violations.push(what),
    }),
    disk: { isFull: false, commitMs: 0, dies: "no" },
    memory: createDisk(),
    folder: scenario.isOnFile ? await Deno.makeTempDir() : undefined,
    members: [],
    troubles: new Map(),
    faults: scenario.faults,
    started: 0,
  };
  return Object.assign(cluster, { life: await startLife(cluster) });
}

function openDisk({ scenario, folder, memory }: Omit<Cluster, "life">, job: string): Journal {
  const run = "ab".repeat(16);
  if (folder === undefined) return openMemoryJournal(memory, run);
  const { codeHash, packageVersion } = versions;
  const header = { job, codeHash, packageVersion, options: {}, pinned: scenario.kind === "pinned" };
  return openJournal(`${folder}/sim.journal`, header, { resume: true, now: 0, run });
}

/** A machine whose clock has a zero and a pace of its own. */
const newMachine = ({ dice, test }: Omit<Cluster, "life">): Machine =>
  createMachine(test.clock, { startMs: dice.whole(0, 1e9), pace: dice.between(0.99, 1.01) });

/** Starts the server: anew, or again. */
export async function startLife(cluster: Omit<Cluster, "life">): Promise<Life> {
  const { scenario, test, wire, watch, bug, disk, dice } = cluster;
  const { maxAttempts, maxNodeLosses, onFailure } = scenario;
  const machine = newMachine(cluster);
  // What is left to do for a server that was killed before it began counts for nothing.
  const ifAlive = <A extends unknown[]>(call: (...args: A) => void) => (...args: A): void => {
    if (!machine.isDead()) call(...args);
  };
  const { onMade, onCollect, onRestore } = watch.books;
  const job = serverJob(scenario, {
    onMade: ifAlive(onMade),
    onCollect: ifAlive(onCollect),
    onRestore: ifAlive(onRestore),
  });
  const logger: Logger = { ...cluster.logger, error: ifAlive(cluster.logger.error) };
  const inner = openDisk(cluster, job.name);
  const journal = faultyJournal(bug.journal?.(inner) ?? inner, machine, disk, watch.journal);
  const listener = await wire.listen(address);
  const peers = createPeers();
  const server = startServerWith(bug.peers?.(peers, cluster) ?? peers, {
    job: { job, options: {}, codeHash: versions.codeHash },
    config: checkConfig({ heartbeatMs, maxAttempts, maxNodeLosses, onFailure, ...bug.config?.(scenario) }),
    listeners: [attachListener(cluster, listener, machine)],
    system: test.createPeer({ name: `server-${cluster.started++}`, logger, clock: machine.clock }),
    packageVersion: versions.packageVersion,
    ...{ logger, journal },
    // The date of the machine, which is wrong and may jump from one life to the next.
    epochMs: dice.between(-1e12, 1e12),
  });
  const life: Life = { machine, server, journal: inner, listener, summary: undefined };
  void server.done.then((summary) => life.summary = summary, (error) => {
    cluster.violations.push(`the server failed: ${error}`);
  });
  return life;
}

/** A listener whose links are heard, and stand still with their machine. */
function attachListener({ trace, watch }: Omit<Cluster, "life">, listener: Listener, machine: Machine): Listener {
  let connections = 0;
  return {
    address: listener.address,
    close: listener.close,
    accept: async () => {
      const link = await listener.accept();
      await machine.awake();
      const connection = connections++;
      const side = watch.accept();
      return tapLink(machine.attach(link), {
        onRead: (message) => {
          trace.message("server reads", connection, message);
          side.read(message);
        },
        onWrite: (message) => {
          if (machine.isDead()) return;
          trace.message("server writes", connection, message);
          side.write(message);
        },
        onEnd: side.end,
      });
    },
  };
}

/** Starts a node. */
export function startMember(cluster: Cluster): void {
  const { scenario, test, wire, dice, logger, violations, bug } = cluster;
  const { clock, random } = test;
  const number = cluster.started++;
  const name = `node-${number}`;
  const machine = newMachine(cluster);
  const network = faultyTransport(wire, { clock, random, ...cluster.faults });
  const watch = createNodeWatch(name, clock, (what) => void violations.push(what));
  const alive = { workers: 0, links: 0 };
  const place = { clock: machine.clock, lie: isLiar(scenario, number) ? 1 + number : 0 };
  const handle = startNode({
    job: { name: "simulated", codeHash: versions.codeHash, workerUrl: "" },
    ...{ address, name, packageVersion: versions.packageVersion },
    system: test.createPeer({ name, logger, clock: machine.clock }),
    transport: attachTransport(network, machine, watch, alive, bug),
    labels: { zone: String(number % 3) },
    workers: dice.whole(1, scenario.slotsMax),
    retryCounter: Infinity,
    retryDelayMs: 200,
    spawnWorker: virtualWorkers((uncaught) => workerJob(scenario, { ...place, uncaught }), machine.clock, alive),
  });
  cluster.members.push({ name, machine, network, handle, watch, alive, isLeaving: false });
}

function attachTransport(
  network: FaultyTransport,
  machine: Machine,
  watch: NodeWatch,
  alive: Member["alive"],
  bug: Bug,
): Transport {
  return {
    listen: network.listen,
    connect: async (to, options) => {
      const link = await network.connect(to, options);
      await machine.awake();
      if (options?.signal?.aborted) {
        link.close();
        throw options.signal.reason;
      }
      alive.links++;
      const onEnd = () => void alive.links--;
      const tapped = tapLink(machine.attach(link), { onRead: watch.read, onWrite: watch.write, onEnd });
      return bug.nodeLink?.(tapped) ?? tapped;
    },
  };
}

/** A node's process ends without a word; whether its machine still says so decides who learns of it, and when. */
export function killMember({ members, dead }: Cluster, member: Member, isSilent: boolean): void {
  members.splice(members.indexOf(member), 1);
  dead.add(member.name);
  if (isSilent) member.network.halfOpen();
  else member.network.drop();
  member.machine.kill();
}

/** The server's process ends without a word. */
export function killServer({ members, life, watch }: Cluster, isSilent: boolean): void {
  life.machine.kill();
  life.listener.close();
  life.journal.close();
  for (const { network } of members) {
    if (isSilent) network.halfOpen();
    else network.drop();
  }
  watch.restart();
}
