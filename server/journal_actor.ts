/**
 * The Journal actor: what it is told is on the disk before anybody relies on it.
 *
 * All that arrives while one commit is made goes into the next one (group commit), so that many results share the
 * cost of reaching the disk. When a commit fails, say since the disk is full, everything waits and is tried again:
 * nodes keep their results, and the job goes on when there is room.
 *
 * @module
 */
import type { Behavior, Context, Logger } from "../actors/types.ts";
import type { Journal } from "./journal/types.ts";
import type { JournalMessage, SettledTask } from "./messages.ts";
import type { Peers } from "./peers.ts";

/** The wait before a commit that failed is tried again, in milliseconds. */
const retryMs = 1_000;

/** What a Journal actor needs. */
export interface JournalActorOptions {
  readonly peers: Peers;
  readonly log: Logger;
  /** Absent where the job is not journaled: then nobody writes. */
  readonly journal: Journal | undefined;
  /** What the server's clock shows when it is 1970, in milliseconds: added to its time it gives the date. */
  readonly epochMs: number;
}

/** Makes the Journal's behavior. */
export function journalActor(options: JournalActorOptions): Behavior<JournalMessage> {
  const { journal } = options;
  if (!journal) {
    return () => ({ type }) => {
      if (type === "end") options.peers.deliver("root", { type: "closed" });
    };
  }
  return (context) => {
    const commit = createCommit(context, options, journal);
    return (message) => {
      switch (message.type) {
        case "append":
          for (const task of message.settled) journal.append(toStored(task, options.epochMs));
          return commit.later(message.settled);
        case "failed":
          journal.appendFailure(toStoredFailure(message, options.epochMs + context.clock.now()));
          return commit.later([]);
        case "withdraw":
          journal.withdraw(message.task);
          return commit.later([]);
        case "call":
          journal.appendCall(message.call);
          return commit.later([]);
        case "commit":
          return commit.now(() => journal.commit());
        case "snapshot":
          return commit.now(() => journal.saveSnapshot(message.data, message.tasks));
        case "end":
          commit.now(() => journal.finish(message.outcome));
          return options.peers.deliver("root", { type: "closed" });
      }
    };
  };
}

function createCommit(context: Context<JournalMessage>, { peers, log }: JournalActorOptions, journal: Journal) {
  let waiting: SettledTask[] = [];
  let isDue = false;
  return {
    later: (settled: readonly SettledTask[]): void => {
      waiting.push(...settled);
      if (isDue) return;
      isDue = true;
      context.self.tell({ type: "commit" });
    },
    now: (write: () => void): void => {
      try {
        write();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.error(`${reason}; trying again in ${retryMs / 1_000} s`, { waiting: journal.pendingCount });
        isDue = true;
        return void context.after(retryMs, { type: "commit" });
      }
      isDue = false;
      const settled = waiting;
      waiting = [];
      if (settled.length > 0) peers.deliver("scheduler", { type: "stored", settled });
    },
  };
}

function toStored(settled: SettledTask, epochMs: number) {
  const { task, attempt, attempts, nodeName: node, startedMs, elapsedMs, hash: taskHash, payload } = settled;
  return { task, attempt, attempts, node, startedAt: epochMs + startedMs, elapsedMs, taskHash, payload };
}

function toStoredFailure({ failure, hash: taskHash }: Extract<JournalMessage, { type: "failed" }>, endedAt: number) {
  const { task, attempts, outcome, reason, evidence } = failure;
  const node = evidence.at(-1)?.node ?? "";
  const message = reason.split("\n", 1)[0];
  return {
    ...{ task, attempts, outcome, node, taskHash, message },
    ...{ startedAt: endedAt, elapsedMs: 0, evidence: JSON.stringify(evidence) },
  };
}
