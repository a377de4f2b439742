/**
 * The bugs that the simulator must find, each with what it is found by.
 *
 * @module
 */
import { resolveLimits } from "../../actors/remote/limits.ts";
import { createOutbox } from "../../actors/remote/outbox.ts";
import type { Attempt, ResultEntry, WireMessage } from "../../actors/remote/protocol.ts";
import type { Link } from "../../actors/remote/transport.ts";
import type { Ref } from "../../actors/types.ts";
import type { Journal } from "../../server/journal/types.ts";
import type { SettledTask } from "../../server/messages.ts";
import type { PeerRefs, Peers } from "../../server/peers.ts";
import type { Cluster } from "./cluster.ts";
import { hasEnded } from "./ledger.ts";
import type { Bug } from "./planted.ts";
import { createEar } from "./tap.ts";

/** A bug, and the words of a violation that it leads to. */
export interface PlantedBug extends Bug {
  readonly foundBy: RegExp;
}

type MessageTo<Name extends keyof PeerRefs> = PeerRefs[Name] extends Ref<infer M> ? M : never;
type Said = { [Name in keyof PeerRefs]: { readonly to: Name; readonly message: MessageTo<Name> } }[keyof PeerRefs];
type Saying = (said: Said) => void;

/** Changes what actors say: the function gets each message, and passes on what it likes. */
const saying =
  (change: (said: Said, say: Saying, cluster: Omit<Cluster, "life">) => void): NonNullable<Bug["peers"]> =>
  (peers, cluster): Peers => {
    const deliver = peers.deliver as (to: string, message: unknown) => void;
    const say: Saying = ({ to, message }) => deliver(to, message);
    return { ...peers, deliver: (to, message) => change({ to, message } as Said, say, cluster) };
  };

/** Leaves out what is said. */
const leavingOut = (isLeftOut: (said: Said) => boolean): NonNullable<Bug["peers"]> =>
  saying((said, say) => isLeftOut(said) ? undefined : say(said));

/** Changes what the server's journal does. */
const journaling = (change: (journal: Journal) => Partial<Journal>): NonNullable<Bug["journal"]> => (journal) =>
  Object.create(
    journal,
    Object.fromEntries(Object.entries(change(journal)).map(([name, value]) => [name, { value }])),
  );

const limits = resolveLimits();
const bodyLimit = () => ({ bytesMax: limits.frameBytesMax, option: "frameBytesMax" } as const);

/** Changes what a node says. */
function speaking(link: Link, change: (message: WireMessage) => WireMessage | undefined): Link {
  const outbox = createOutbox({ limits, bodyLimit });
  const hear = createEar((message) => {
    const changed = change(message);
    if (changed) outbox.push(changed);
  });
  return {
    ...link,
    write: async (data) => {
      hear(data);
      for (let rest = outbox.take(); rest.length > 0; rest = outbox.take()) {
        for (let piece of rest) while (piece.length > 0) piece = piece.subarray(await link.write(piece));
      }
      return data.length;
    },
  };
}

/** A node that comes back says that it holds nothing, and sends nothing of what it held. */
function forgetful(link: Link): Link {
  let isForgetting = false;
  const hear = createEar((message) => {
    if (message.kind === "control" && message.message.type === "welcome") isForgetting = message.message.resumed;
  });
  const changed = speaking(link, (message) => {
    if (!isForgetting || (message.kind !== "held" && message.kind !== "results")) return message;
    if (message.kind === "results") return undefined;
    isForgetting = false;
    return { kind: "held", attempts: [] };
  });
  return {
    ...changed,
    read: async (buffer) => {
      const count = await changed.read(buffer);
      if (count !== null) hear(buffer.subarray(0, count));
      return count;
    },
  };
}

const settledFrom = (node: string, { task, attempt, elapsedMs, payload }: ResultEntry): SettledTask => ({
  ...{ task, hash: "", attempt, attempts: attempt, node, nodeName: node },
  ...{ startedMs: 0, elapsedMs, payload },
});

/** What the server believes that a node has. */
function believed({ watch }: Omit<Cluster, "life">, node: string): Attempt[] {
  const attempts: Attempt[] = [];
  for (const { given } of watch.ledger.life.open.values()) {
    attempts.push(...given.filter((one) => one.node === node && one.state !== "over"));
  }
  return attempts;
}

/** Takes a result for that of the attempt that goes on. */
function takenForAnother({ watch }: Omit<Cluster, "life">, node: string, result: ResultEntry) {
  const given = watch.ledger.life.open.get(result.task)?.given ?? [];
  const live = given.find((one) => one.state === "live" && one.node !== node);
  return live && { node: live.node, results: [{ ...result, attempt: live.attempt }] };
}

const notDone = /nothing was done for/;

/** All of them, by what is wrong. */
export const plantedBugs: Readonly<Record<string, PlantedBug>> = {
  "a task that failed does not go out again": {
    foundBy: notDone,
    peers: saying(({ to, message }, say) => {
      if (to !== "scheduler" || message.type !== "results") return say({ to, message } as Said);
      say({ to, message: { ...message, results: message.results.filter(({ status }) => status === "ok") } });
    }),
  },
  "the number of an attempt is ignored": {
    foundBy: /which node \S+ has not sent|acknowledged to node \S+ before/,
    peers: saying((said, say, cluster) => {
      const { to, message } = said;
      if (to !== "scheduler" || message.type !== "results") return say(said);
      for (const result of message.results) {
        const other = takenForAnother(cluster, message.node, result);
        say({ to, message: { type: "results", node: message.node, results: [result], ...other } });
      }
    }),
  },
  "results are acknowledged before they are on the disk": {
    foundBy: /acknowledged to node \S+ before|collected before/,
    peers: saying((said, say) => {
      const { to, message } = said;
      if (to === "scheduler" && message.type === "stored") return;
      say(said);
      if (to === "journal" && message.type === "append") {
        say({ to: "scheduler", message: { type: "stored", settled: message.settled } });
      }
    }),
  },
  "a node that comes back has forgotten what it held": { foundBy: /has lost attempt/, nodeLink: forgetful },
  "a result counts for which nobody waits": {
    foundBy: /collected twice|task undefined was collected|does not have chunk/,
    peers: saying((said, say, { watch }) => {
      const { to, message } = said;
      say(said);
      if (to !== "scheduler" || message.type !== "results") return;
      const late = message.results.filter(({ task, status }) => status === "ok" && hasEnded(watch.ledger, task));
      if (late.length === 0) return;
      say({ to: "job", message: { type: "results", results: late.map((one) => settledFrom(message.node, one)) } });
    }),
  },
  "what a node says that it holds is not compared": {
    foundBy: /nothing was done for|that no 2 nodes have computed/,
    peers: saying((said, say, cluster) => {
      const { to, message } = said;
      if (to !== "scheduler" || message.type !== "held") return say(said);
      say({ to, message: { ...message, attempts: believed(cluster, message.node) } });
    }),
  },
  "one attempt more than allowed is made": {
    foundBy: /was given out as attempt \d+ after it had failed 3 times/,
    config: ({ maxAttempts }) => ({ maxAttempts: maxAttempts + 1 }),
  },
  "one attempt fewer than allowed is made": {
    foundBy: /given up after \d failures, and 3 attempts are allowed/,
    config: ({ maxAttempts }) => ({ maxAttempts: maxAttempts - 1 }),
  },
  "tasks stay with a node that is lost": {
    foundBy: /nothing was done for|are the most for its \d slots/,
    peers: leavingOut(({ to, message }) => to === "scheduler" && message.type === "node-gone"),
  },
  "a resumed server does not see some of the stored results": {
    foundBy: /after it had ended|second result/,
    journal: journaling((journal) => ({ result: (task) => task % 3 === 0 ? undefined : journal.result(task) })),
  },
  "results that are stored are collected twice": {
    foundBy: /collected twice|task undefined was collected|does not have chunk/,
    peers: saying((said, say) => {
      say(said);
      if (said.to === "job" && said.message.type === "results") say(said);
    }),
  },
  "a node that leaves is given more": {
    foundBy: /was given tasks after it took its leave/,
    peers: leavingOut(({ to, message }) => to === "scheduler" && message.type === "node-leaving"),
  },
  "a node is given more than it has room for": {
    foundBy: /are the most for its \d slots/,
    peers: saying((said, say) => {
      const { to, message } = said;
      if (to !== "scheduler" || message.type !== "node-ready") return say(said);
      say({ to, message: { ...message, slots: message.slots * 3 } });
    }),
  },
  "a commit says that it has written, and has not": {
    foundBy: /after it had ended/,
    journal: journaling((journal) => {
      let commits = 0;
      return { commit: () => ++commits % 3 === 0 ? undefined : journal.commit() };
    }),
  },
  "any two results of a task agree": {
    foundBy: /was collected with/,
    peers: saying((said, say) => {
      const { to, message } = said;
      if (to === "scheduler" && message.type === "compared") say({ to, message: { ...message, agreed: 0 } });
      else say(said);
    }),
  },
};
