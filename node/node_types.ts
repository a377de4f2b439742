/**
 * What a program that starts a node sees of it.
 *
 * @module
 */
import type { NodeId } from "../actors/remote/protocol.ts";

/** What a node is at. */
export type NodeState = "connecting" | "waiting" | "handshaking" | "working" | "leaving" | "ended";

/** How a node went. */
export interface NodeSummary {
  /**
   * `finished`: the server said that the job is over. `stopped`: by `stop`. `refused`: the server does not take this
   * node. `unreachable`: the server could not be reached. `failed`: the job cannot run in this node's workers.
   */
  readonly outcome: "finished" | "stopped" | "refused" | "unreachable" | "failed";
  /** One line for people. */
  readonly message: string;
  /** How many results were handed to the server. */
  readonly computed: number;
  /** How many attempts were reported as failed. */
  readonly failed: number;
}

/** A node at one moment. */
export interface NodeStatus {
  /** What it is doing. */
  readonly state: NodeState;
  /** The identity that the server gave, while the node is registered. */
  readonly node?: NodeId;
  /** How many workers have a task. */
  readonly busy: number;
  /** How many tasks wait on the node. */
  readonly queued: number;
  /** How many results were handed to the server. */
  readonly computed: number;
  /** How many attempts were reported as failed. */
  readonly failed: number;
}

/** A node that was started. */
export interface NodeHandle {
  /** Resolves when the node has ended, whatever way; never rejects. */
  readonly done: Promise<NodeSummary>;
  /** Hands all unfinished tasks back, takes leave of the server and ends. Calls after the first do nothing. */
  readonly stop: (reason: string) => void;
  /** What the node does at this moment. */
  readonly status: () => NodeStatus;
}
