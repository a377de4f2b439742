/**
 * What an operator can do to a server at work, whether in its own process or over the network.
 *
 * @module
 */
import type { Ref } from "../actors/types.ts";
import type { NodeId } from "../actors/remote/protocol.ts";
import type { NodeStatistics, Progress } from "./messages.ts";
import type { PeerRefs } from "./peers.ts";

/** Whom the job's server half takes an operator's messages to be from. */
export const operatorId: NodeId = "operator";

/** The bound of an answer about nodes, in milliseconds. */
const statisticsTimeoutMs = 5_000;

/** How a server is steered. */
export interface Steering {
  /** Ends the job before it is complete: nodes are told, and the outcome is `stopped`. */
  readonly stop: (reason: string) => void;
  /** Grants nothing until {@linkcode Steering.unpause}; what is out goes on. */
  readonly pause: () => void;
  /** Grants again. */
  readonly unpause: () => void;
  /** Grants nothing more; the job ends, as `stopped`, when what is out has come back. A journal can resume it. */
  readonly drain: () => void;
  /** Sends one node home when it has done what it has. */
  readonly drainNode: (node: NodeId) => void;
  /** Gives up one node, whatever its connection says: its tasks go to others. */
  readonly removeNode: (node: NodeId) => void;
  /** Who is here, and who was (the last thousand). */
  readonly statistics: () => Promise<readonly NodeStatistics[]>;
}

/** What only an operator on a connection needs beside. */
export interface RemoteSteering extends Steering {
  /** Whether tasks are granted. */
  readonly state: () => "running" | "paused" | "draining";
  /** How far the job is; `undefined` before anybody knows. */
  readonly progress: () => Progress | undefined;
  /** Hands an encoded message to the job's server half, to one node, or to all of them. */
  readonly message: (to: "job" | "all" | NodeId, payload: Uint8Array) => void;
}

/** What {@linkcode createSteering} works on. */
export interface SteeringOptions {
  /** The actors, once they are there. */
  readonly started: Promise<PeerRefs>;
  readonly stop: Steering["stop"];
  readonly progress: RemoteSteering["progress"];
}

/** Makes the controls of one server. */
export function createSteering({ started, stop, progress }: SteeringOptions): RemoteSteering {
  let state: ReturnType<RemoteSteering["state"]> = "running";
  const steer = (order: (refs: PeerRefs) => void): void => void started.then(order);
  const grant = (type: "pause" | "unpause" | "drain", next: typeof state): void => {
    if (state !== "draining") state = next;
    steer(({ scheduler }) => scheduler.tell({ type }));
  };
  return {
    stop,
    progress,
    state: () => state,
    pause: () => grant("pause", "paused"),
    unpause: () => grant("unpause", "running"),
    drain: () => grant("drain", "draining"),
    drainNode: (node) => steer(({ scheduler }) => scheduler.tell({ type: "drain-node", node })),
    removeNode: (node) => steer(({ registry }) => registry.tell({ type: "remove-node", node })),
    statistics: async () => {
      const { registry } = await started;
      return await registry.ask(
        (replyTo: Ref<readonly NodeStatistics[]>) => ({ type: "statistics", replyTo }),
        { timeoutMs: statisticsTimeoutMs },
      );
    },
    message: (to, payload) =>
      steer(({ job, registry }) => {
        if (to === "job") job.tell({ type: "custom", node: operatorId, payload });
        else registry.tell({ type: "custom", to, payload });
      }),
  };
}
