/**
 * One machine of a simulation: a clock of its own, and the power to stop, as a process does at SIGSTOP or when its
 * disk is slow, or to die.
 *
 * @module
 */
import type { Link } from "../../actors/remote/transport.ts";
import type { Clock } from "../../actors/types.ts";

/** See {@linkcode createMachine}. */
export interface Machine {
  /** Monotonic, as the runtime's; its zero and its pace are the machine's own. */
  readonly clock: Clock;
  /** Stops all that runs on the machine for `ms`: its timers fire late, nothing is read or written. */
  readonly freeze: (ms: number) => void;
  /** Ends all that runs on the machine, now and without a word. */
  readonly kill: () => void;
  readonly isDead: () => boolean;
  /** Resolves when the machine runs; never if it is dead. */
  readonly awake: () => Promise<void>;
  /** A link as a process of this machine sees it. */
  readonly attach: (link: Link) => Link;
}

/** How a machine's clock differs from that of the simulation. */
export interface Drift {
  /** What it shows at the beginning, in milliseconds. */
  readonly startMs: number;
  /** How many milliseconds pass on it in one of the simulation. */
  readonly pace: number;
}

/** Makes a machine on the clock of the simulation. */
export function createMachine(base: Clock, { startMs, pace }: Drift): Machine {
  let frozenUntilMs = -Infinity;
  let isDead = false;
  /** What a timer that has fired was promised: a sum of fractions may fall short of it. */
  let reachedMs = -Infinity;
  const held: (() => void)[] = [];

  const isFrozen = () => isDead || base.now() < frozenUntilMs;
  const thaw = () => {
    if (isFrozen()) return;
    for (const call of held.splice(0)) call();
  };
  const whenAwake = (call: () => void): void => {
    if (isDead) return;
    if (isFrozen()) held.push(call);
    else call();
  };
  const now = () => Math.max(reachedMs, startMs + base.now() * pace);
  const awake = () => isFrozen() ? new Promise<void>(whenAwake) : Promise.resolve();
  return {
    awake,
    isDead: () => isDead,
    clock: {
      now,
      setTimer: (delayMs, callback) => {
        const dueMs = now() + Math.max(0, delayMs);
        let isCancelled = false;
        const cancel = base.setTimer(Math.max(0, delayMs) / pace, () =>
          whenAwake(() => {
            if (isCancelled) return;
            reachedMs = Math.max(reachedMs, dueMs);
            callback();
          }));
        return () => {
          isCancelled = true;
          cancel();
        };
      },
    },
    freeze: (ms) => {
      frozenUntilMs = Math.max(frozenUntilMs, base.now() + ms);
      base.setTimer(ms, thaw);
    },
    kill: () => {
      isDead = true;
      held.length = 0;
    },
    attach: (link) => ({
      remoteAddress: link.remoteAddress,
      local: link.local,
      read: async (buffer) => {
        const count = await link.read(buffer);
        if (isFrozen()) await awake();
        return count;
      },
      write: async (data) => {
        if (isFrozen()) await awake();
        return await link.write(data);
      },
      ...(link.closeWrite && {
        closeWrite: async () => {
          if (isFrozen()) await awake();
          await link.closeWrite!();
        },
      }),
      close: () => whenAwake(() => link.close()),
    }),
  };
}
