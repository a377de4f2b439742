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
import { heartbeat } from "./heartbeat.ts";
import { journalActor, type JournalActorOptions } from "./journal_actor.ts";
import { jobActor, type JobActorOptions } from "./job.ts";
import type { RootMessage } from "./messages.ts";
import { internalMailboxMax, type PeerRefs } from "./peers.ts";
import { createProofAttempts } from "./proof_attempts.ts";
import { registry } from "./registry.ts";
import { scheduler } from "./scheduler.ts";
import type { SchedulerOptions } from "./scheduler_state.ts";
import { session, type SessionOptions } from "./session.ts";

/** What a root needs. */
export interface RootOptions
  extends Omit<SessionOptions, "attempts">, SchedulerOptions, JobActorOptions, JournalActorOptions {
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
    const sessionOptions = { ...options, attempts: createProofAttempts(context.clock.now) };
    for (const listener of options.listeners) {
      acceptLoop(listener, (link) => {
        if (!context.self.tell({ type: "accepted", link })) link.close();
      }, { clock: context.clock, signal: context.signal, log: options.log });
    }
    return running(context, options, (link) => accept(context, sessionOptions, link));
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

function accept(context: Context<RootMessage>, options: SessionOptions, link: Link): void {
  context.spawn(session(link, options), { name: "session", mailboxMax: internalMailboxMax });
}

type Accept = (link: Link) => void;

function running(context: Context<RootMessage>, options: RootOptions, accept: Accept): Handler<RootMessage> {
  const startedMs = context.clock.now();
  return (message) => {
    if (message.type === "accepted") return accept(message.link);
    if (message.type !== "over") return;
    options.peers.deliver("scheduler", { type: "halt" });
    return closing(context, options, accept, startedMs, message);
  };
}

function closing(
  context: Context<RootMessage>,
  options: RootOptions,
  accept: Accept,
  startedMs: number,
  { outcome, reason }: Extract<RootMessage, { type: "over" }>,
): Handler<RootMessage> {
  const { peers, closeTimeoutMs } = options;
  let summary: Summary;
  let isDismissed = false;
  return (message) => {
    switch (message.type) {
      case "accepted":
        return accept(message.link);
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
      case "closed":
        peers.end();
        return options.onEnd(summary);
    }
  };
}
