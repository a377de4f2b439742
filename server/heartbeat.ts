/**
 * The Heartbeat actor: notices nodes that have fallen silent.
 *
 * @module
 */
import type { Behavior } from "../actors/types.ts";
import type { NodeId } from "../actors/remote/protocol.ts";
import { checkPeriodMs, createLiveness } from "./liveness.ts";
import type { HeartbeatActorMessage } from "./messages.ts";
import type { Peers } from "./peers.ts";

/**
 * Makes the Heartbeat's behavior.
 *
 * @param heartbeatMs How often each node gives a sign of life, in milliseconds.
 */
export function heartbeat(heartbeatMs: number, peers: Peers): Behavior<HeartbeatActorMessage> {
  return (context) => {
    const { now } = context.clock;
    const liveness = createLiveness<NodeId>(heartbeatMs, now());
    context.every(checkPeriodMs(heartbeatMs), { type: "check" });
    return (message) => {
      switch (message.type) {
        case "heard":
          return liveness.heard(message.node, now());
        case "forget":
          return liveness.forget(message.node);
        case "check": {
          const nodes = liveness.check(now());
          if (nodes.length > 0) peers.deliver("registry", { type: "timed-out", nodes });
        }
      }
    };
  };
}
