/**
 * Holds a node to its guarantees: whenever it says what it holds, that is all that it was given and that the server has
 * not said to be safe or superfluous, and nothing else.
 *
 * @module
 */
import type { Attempt, WireMessage } from "../../actors/remote/protocol.ts";
import type { Clock } from "../../actors/types.ts";
import { keyOf } from "./ledger.ts";

/** So long after all has calmed down a node may hold what nobody waits for, in milliseconds. */
const orphanMsMax = 25_000;

/** See {@linkcode createNodeWatch}. */
export interface NodeWatch {
  readonly read: (message: WireMessage) => void;
  readonly write: (message: WireMessage) => void;
  /** To be called now and then while nothing goes wrong: is anything held that nobody waits for? */
  readonly checkOrphans: (hasEnded: (task: number) => boolean) => void;
}

interface Held extends Attempt {
  readonly sinceMs: number;
  /** Whether the node was told to forget it when it said that it has it: the two have crossed, or not. */
  readonly isForgotten: boolean;
  orphanedMs: number | undefined;
}

/** Makes a watch for one node, over all its connections. */
export function createNodeWatch(name: string, clock: Clock, violated: (what: string) => void): NodeWatch {
  const held = new Map<number, Held>();

  const forget = (attempts: readonly Attempt[]) => {
    for (const { task, attempt } of attempts) held.delete(keyOf(task, attempt));
  };
  const said = (attempts: readonly Attempt[]) => {
    const now = clock.now();
    const keys = new Set(attempts.map(({ task, attempt }) => keyOf(task, attempt)));
    for (const [key, { task, attempt, sinceMs, isForgotten }] of held) {
      if (sinceMs < now && !isForgotten && !keys.has(key)) {
        violated(`node ${name} has lost attempt ${attempt} at task ${task}`);
      }
    }
    for (const { task, attempt } of attempts) {
      const key = keyOf(task, attempt);
      if (!held.has(key)) held.set(key, { task, attempt, sinceMs: now, isForgotten: true, orphanedMs: undefined });
    }
  };
  return {
    read: (message) => {
      if (message.kind === "tasks") {
        for (const { task, attempt } of message.tasks) {
          held.set(keyOf(task, attempt), {
            ...{ task, attempt, sinceMs: clock.now() },
            ...{ isForgotten: false, orphanedMs: undefined },
          });
        }
      } else if (message.kind === "acks") forget(message.attempts);
      else if (message.kind === "control") {
        const { message: control } = message;
        if (control.type === "cancel") forget(control.attempts);
        if (control.type === "finished" || (control.type === "welcome" && !control.resumed)) forget([...held.values()]);
      }
    },
    write: (message) => {
      if (message.kind === "held") said(message.attempts);
    },
    checkOrphans: (hasEnded) => {
      for (const entry of held.values()) {
        if (!hasEnded(entry.task)) continue;
        entry.orphanedMs ??= clock.now();
        if (clock.now() - entry.orphanedMs <= orphanMsMax) continue;
        const { task, attempt } = entry;
        violated(`node ${name} still holds attempt ${attempt} at task ${task}, for which nobody waits`);
      }
    },
  };
}
