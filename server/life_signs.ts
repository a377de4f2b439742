/**
 * Signs of life between a server and one node: what is heard of the node, and what the node hears.
 *
 * @module
 */
import type { Connection } from "../actors/remote/connection.ts";
import type { NodeId } from "../actors/remote/protocol.ts";
import type { Valve } from "../actors/remote/valve.ts";
import type { Context } from "../actors/types.ts";
import { checkPeriodMs } from "./liveness.ts";
import type { SessionMessage } from "./messages.ts";
import type { Peers } from "./peers.ts";

/**
 * A heartbeat is answered if nothing was sent for so many heartbeats: every second one, with a node that is idle, and
 * none with one that hears from its tasks. With thousands of nodes writing answers would be most of the work.
 */
const answerBeats = 1.5;

/** See {@linkcode createLifeSigns}. */
export interface LifeSigns {
  /** The node has said something. This is passed on not more often than anybody looks. */
  readonly heard: () => void;
  /** While it is this server that does not read on, the node cannot be heard and must not be missed. */
  readonly watch: (isAgain?: boolean) => void;
  /** The node has sent a heartbeat, and is to know that the server is alive. */
  readonly answer: () => void;
}

/** What the signs of a Session are made from. */
export interface LifeSignsOptions {
  readonly context: Context<SessionMessage>;
  readonly connection: Connection;
  readonly peers: Peers;
  readonly valve: Valve;
  readonly heartbeatMs: number;
}

/** Makes the signs of life of a node that is registered. */
export function createLifeSigns(
  { context, connection, peers, valve, heartbeatMs }: LifeSignsOptions,
  node: NodeId,
): LifeSigns {
  const { now } = context.clock;
  const periodMs = checkPeriodMs(heartbeatMs);
  let toldMs = -Infinity;
  let isWatching = false;
  const heard = () => {
    if (now() - toldMs < periodMs) return;
    toldMs = now();
    peers.deliver("heartbeat", { type: "heard", node });
  };
  return {
    heard,
    watch: (isAgain = false) => {
      if (isAgain) {
        isWatching = false;
        heard();
      }
      if (isWatching || !valve.isShut()) return;
      isWatching = true;
      context.after(periodMs, { type: "still-shut" });
    },
    answer: () => {
      if (now() - connection.lastSentMs < answerBeats * heartbeatMs) return;
      connection.send({ kind: "control", message: { type: "heartbeat" } });
    },
  };
}
