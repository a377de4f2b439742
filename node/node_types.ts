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
  /** How many results the server has not said to be safe. */
  readonly unacknowledged: number;
}

/** Options of {@linkcode NodeHandle.stop}. */
export interface StopOptions {
  /** How long tasks that run may take to end, in milliseconds. @default 0 */
  readonly graceMs?: number;
}

/** A node that was started. */
export interface NodeHandle {
  /** Resolves when the node has ended, whatever way; never rejects. */
  readonly done: Promise<NodeSummary>;
  /**
   * Takes leave of the server, hands back all tasks that have not begun, lets those that run end for `graceMs`, hands
   * the rest back, sees that the server has all results, and ends. A later call can only make the time shorter.
   *
   * @throws {RangeError} If `graceMs` is out of its bounds.
   */
  readonly stop: (reason: string, options?: StopOptions) => void;
  /** What the node does at this moment. */
  readonly status: () => NodeStatus;
}
