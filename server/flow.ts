/**
 * Lets a node send no faster than the actors behind its Session take: what was passed on counts as waiting until they
 * say that they have come so far. Without it a node that floods would fill their mailboxes, for all to lose.
 *
 * @module
 */
import type { Valve } from "../actors/remote/valve.ts";

/** Who takes what a node sends. */
export type Taker = "scheduler" | "job";

/** After so many messages a receipt is asked for. With a valve that is shut it is asked for at once. */
const receiptEvery = 16;

/** See {@linkcode createFlow}. */
export interface Flow {
  /** A message was passed on. */
  readonly passed: (to: Taker) => void;
  /** The answer to a receipt has come. */
  readonly received: (count: number) => void;
}

/**
 * Keeps count of what was passed on.
 *
 * @param askReceipt Asks an actor to answer, with this number, when it has taken all that was passed on before
 */
export function createFlow(valve: Valve, askReceipt: (of: Taker, count: number) => void): Flow {
  const unasked = { scheduler: 0, job: 0 };
  const ask = (of: Taker) => {
    const count = unasked[of];
    unasked[of] = 0;
    if (count > 0) askReceipt(of, count);
  };
  return {
    passed: (to) => {
      unasked[to]++;
      if (valve.isShut()) {
        ask("scheduler");
        ask("job");
      } else if (unasked[to] >= receiptEvery) ask(to);
    },
    received: (count) => {
      for (let i = 0; i < count; i++) valve.handled();
    },
  };
}
