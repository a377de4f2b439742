/**
 * The gate of a server: who was let in and has not introduced itself, how many of them there may be, and what became of
 * those that never did.
 *
 * @module
 */
import { asError } from "../actors/remote/errors.ts";
import type { Link } from "../actors/remote/transport.ts";
import type { Logger } from "../actors/types.ts";
import { type Admitted, createPending, type Pending, type PendingOptions } from "./pending.ts";
import { createStrangers, type Strangers } from "./strangers.ts";

/** See {@linkcode createGate}. */
export interface Gate extends Pick<Pending, "giveWay">, Pick<Strangers, "ended" | "summary"> {
  /** Lets a connection in, for now; or closes it and says why. */
  readonly admit: (link: Link) => Admitted | undefined;
}

/** Makes a gate. @param log For people: whom it turned away */
export function createGate(options: PendingOptions, log: Logger): Gate {
  const pending = createPending(options);
  const strangers = createStrangers(log, options.now);
  return {
    ...strangers,
    giveWay: pending.giveWay,
    admit: (link) => {
      try {
        return pending.admit(link);
      } catch (thrown) {
        strangers.ended(link.remoteAddress, { reason: "error", error: asError(thrown) });
      }
    },
  };
}
