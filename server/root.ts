/**
 * The root actor of a server: starts the others, takes in connections, and ends all in order.
 *
 * The order at the end: the Scheduler stops handing out; every node is told and leaves (within a bound); the user's
 * books are closed; the summary goes to the caller.
 *
 * @module
 */
import type { Behavior, Context, Handler, SpawnOptions } from "../actors/types.ts";
import type { Link, Listener } from "../actors/remote/transport.ts";
import type { Summary } from "../job/types.ts";
import { acceptLoop } from "./accept.ts";
import { createGate } from "./gate.ts";
import { heartbeat } from "./heartbeat.ts";
import { journalActor, type JournalActorOptions } from "./journal_actor.ts";
import { jobActor, type JobActorOptions } from "./job.ts";
import type { RootMessage } from "./messages.ts";
import { internalMailboxMax, type PeerRefs } from "./peers.ts";
import type { PendingOptions } from "./pending.ts";
import { createProofAttempts } from "./proof_attempts.ts";
import { registry } from "./registry.ts";
import { scheduler } from "./scheduler.ts";
import type { SchedulerOptions } from "./scheduler_state.ts";
import { session, type SessionOptions } from "./session.ts";

/** What a root needs. */
export interface RootOptions
  extends
    Omit<SessionOptions, "attempts" | "gate">,
    Omit<PendingOptions, "now">,
    SchedulerOptions,
    JobActorOptions,
    JournalActorOptions {
  readonly listeners: readonly Listener[];
  /** Called once, with how the job went, when all is done. */
  readonly onEnd: (summary: Summary) => void;
  /** Called once, with the actors, before any connection is taken in. */
  readonly onStart: (refs: PeerRefs) => void;
}

/** Makes the root's behavior. */
export function root(options: RootOptions): Behavior<RootMessage> {
  return (context) => {
    const refs = spawnAll(context, options);
    options.peers.connect(refs);
    options.onStart(refs);
    const { clock, signal } = context;
    const gate = createGate({ ...options, now: clock.now }, options.log);
    const sessionOptions = { ...options, gate, attempts: createProofAttempts(clock.now) };
    for (const listener of options.listeners) {
      acceptLoop(listener, (link) => {
        if (!context.self.tell({ type: "accepted", link })) link.close();
      }, { clock, signal, log: options.log, giveWay: gate.giveWay });
    }
    const accept = (link: Link): void => {
      const admitted = gate.admit(link);
      if (!admitted) return;
      context.spawn(session(admitted, sessionOptions), { name: "session", mailboxMax: internalMailboxMax });
    };
    return running(context, options, { accept, summary: gate.summary });
  };
}

function spawnAll(context: Context<RootMessage>, options: RootOptions): PeerRefs {
  const { peers, heartbeatMs } = options;
  // None of these may fail: what the user's code throws is caught. If one does, the server has a bug and must end.
  const child = (name: string): SpawnOptions => ({
    name,
    mailboxMax: internalMailboxMax,
    supervision: "escalate",
  });
  return {
    root: context.self,
    registry: context.spawn(registry(options), child("registry")),
    heartbeat: context.spawn(heartbeat(heartbeatMs, peers), child("heartbeat")),
    scheduler: context.spawn(scheduler(options), child("scheduler")),
    job: context.spawn(jobActor(options), child("job")),
    journal: context.spawn(journalActor(options), child("journal")),
  };
}

/** How connections are taken in, and what is to be said of them at the end. */
interface Door {
  readonly accept: (link: Link) => void;
  readonly summary: () => string | undefined;
}

function running(context: Context<RootMessage>, options: RootOptions, door: Door): Handler<RootMessage> {
  const startedMs = context.clock.now();
  return (message) => {
    if (message.type === "accepted") return door.accept(message.link);
    if (message.type !== "over") return;
    options.peers.deliver("scheduler", { type: "halt" });
    return closing(context, options, door, startedMs, message);
  };
}

function closing(
  context: Context<RootMessage>,
  options: RootOptions,
  door: Door,
  startedMs: number,
  { outcome, reason }: Extract<RootMessage, { type: "over" }>,
): Handler<RootMessage> {
  const { peers, closeTimeoutMs } = options;
  let summary: Summary;
  let isDismissed = false;
  return (message) => {
    switch (message.type) {
      case "accepted":
        return door.accept(message.link);
      case "halted": {
        const elapsedMs = context.clock.now() - startedMs;
        summary = {
          outcome,
          ...(reason === undefined ? {} : { reason }),
          ...message.counts,
          failures: message.failures,
          elapsedMs,
        };
        const text = reason?.split("\n", 1)[0] ??
          `${summary.collected} ${summary.collected === 1 ? "task" : "tasks"} done`;
        peers.deliver("registry", { type: "dismiss", message: { type: "finished", outcome, message: text } });
        context.after(closeTimeoutMs, { type: "dismissed" });
        return;
      }
      case "dismissed":
        if (isDismissed) return;
        isDismissed = true;
        return peers.deliver("job", { type: "finish", summary });
      case "ended":
        summary = message.summary;
        return peers.deliver("journal", { type: "end", outcome: summary.outcome });
      case "closed": {
        const strangers = door.summary();
        if (strangers) options.log.info(strangers);
        peers.end();
        return options.onEnd(summary);
      }
    }
  };
}
