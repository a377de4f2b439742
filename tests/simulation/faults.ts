/**
 * What goes wrong in a cluster, one thing at a time.
 *
 * @module
 */
import { type Cluster, happened, killMember, killServer, type Member, startLife, startMember } from "./cluster.ts";

/** How long a node that leaves lets its tasks run on, in milliseconds. */
const graceMsMax = 5_000;

type Trouble = (cluster: Cluster, victim: Member) => void | Promise<void>;

/** After a while, something ends. */
function later({ test, dice }: Cluster, ms: readonly [min: number, max: number], call: () => void): void {
  test.clock.setTimer(dice.between(...ms), call);
}

/** Kills the server, and starts it again after a while. */
export async function restartServer(cluster: Cluster, isSilent: boolean): Promise<void> {
  const { test, dice, disk } = cluster;
  killServer(cluster, isSilent);
  await test.advance(dice.whole(0, 3_000));
  disk.dies = "no";
  cluster.life = await startLife(cluster);
}

function replace(cluster: Cluster, victim: Member, isSilent: boolean): void {
  killMember(cluster, victim, isSilent);
  startMember(cluster);
}

/** A node goes in good order, and another one comes. */
function leave(cluster: Cluster, victim: Member): void {
  if (victim.isLeaving) return;
  victim.isLeaving = true;
  victim.handle.stop("its machine is needed", { graceMs: cluster.dice.pick([0, 100, graceMsMax]) });
  startMember(cluster);
}

/** An operator sends a node home, or gives it up. */
function dismiss({ life }: Cluster, victim: Member, how: "drainNode" | "removeNode"): void {
  const { node } = victim.handle.status();
  if (node === undefined) return;
  life.server[how](node);
  if (how === "drainNode") victim.isLeaving = true;
}

const troubles: Readonly<Record<string, Trouble>> = {
  "links cut": (_cluster, { network }) => void network.drop(),
  "links half-open": (_cluster, { network }) => void network.halfOpen(),
  "all links cut": ({ members }) => members.forEach(({ network }) => network.drop()),
  "partitions": (cluster, { network }) => later(cluster, [100, 6_000], network.partition()),
  "partitions of half": (cluster) => {
    const { members, dice } = cluster;
    const heals = dice.some(members, Math.ceil(members.length / 2)).map(({ network }) => network.partition());
    later(cluster, [100, 4_000], () => heals.forEach((heal) => heal()));
  },
  "node crashes": (cluster, victim) => replace(cluster, victim, false),
  "node power failures": (cluster, victim) => replace(cluster, victim, true),
  "server crashes": (cluster) => restartServer(cluster, false),
  "server power failures": (cluster) => restartServer(cluster, true),
  "server crashes in a commit": ({ disk, dice }) => void (disk.dies = dice.pick(["before", "after"])),
  "server stalls": ({ life, dice }) => life.machine.freeze(dice.whole(10, 5_000)),
  "node stalls": ({ dice }, { machine }) => machine.freeze(dice.whole(10, 10_000)),
  "slow disk periods": (cluster) => {
    cluster.disk.commitMs = cluster.dice.pick([5, 50, 300]);
    later(cluster, [500, 5_000], () => cluster.disk.commitMs = 0);
  },
  "full disk periods": (cluster) => {
    cluster.disk.isFull = true;
    later(cluster, [500, 8_000], () => cluster.disk.isFull = false);
  },
  "nodes leaving": leave,
  "nodes joining": (cluster) => startMember(cluster),
  "nodes drained": (cluster, victim) => dismiss(cluster, victim, "drainNode"),
  "nodes removed": (cluster, victim) => dismiss(cluster, victim, "removeNode"),
  "pauses": (cluster) => {
    const { server, machine } = cluster.life;
    server.pause();
    later(cluster, [100, 3_000], () => machine.isDead() ? undefined : server.unpause());
  },
};

/** What can go wrong. */
export const troubleNames: readonly string[] = Object.keys(troubles);

/** Has one thing go wrong, now. */
export async function mishap(cluster: Cluster): Promise<void> {
  const { dice, members } = cluster;
  const name = dice.pick(troubleNames);
  // A job must have somebody to do it.
  if (name === "nodes drained" && members.filter(({ isLeaving }) => !isLeaving).length < 2) return;
  happened(cluster, name);
  await troubles[name](cluster, dice.pick(members));
}
