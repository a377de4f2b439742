/**
 * What the I/O thread and a worker say to each other, and what stands between them.
 *
 * @module
 */
import type { LogMessage, NodeId, TaskFailure } from "../actors/remote/protocol.ts";

/** To a worker. */
export type ToWorker =
  /**
   * The first message: the words shared with the I/O thread, see claims.ts, and how much memory the worker may have, in
   * MiB; 0 for as much as the runtime bears.
   */
  | { readonly kind: "start"; readonly claims: SharedArrayBuffer; readonly memoryMb: number }
  /** The node is registered: make the user's half of the job anew. Answered by `prepared`. */
  | {
    readonly kind: "session";
    readonly node: NodeId;
    readonly options: Uint8Array;
    readonly initial: Uint8Array | undefined;
  }
  /**
   * Tasks to compute, packed. `epoch` is how often tasks had been revoked when it was sent; spare buffers are for large
   * results.
   */
  | {
    readonly kind: "tasks";
    readonly epoch: number;
    readonly count: number;
    readonly batch: ArrayBuffer;
    readonly spares?: readonly ArrayBuffer[];
  }
  /** One task that is too large to be copied into a batch. */
  | {
    readonly kind: "large-task";
    readonly epoch: number;
    readonly task: number;
    readonly attempt: number;
    readonly payload: Uint8Array;
    readonly spares?: readonly ArrayBuffer[];
  }
  /** The result of this attempt is no longer wanted. */
  | { readonly kind: "cancel"; readonly task: number; readonly attempt: number }
  /** A message from the server's half of the job. */
  | { readonly kind: "custom"; readonly payload: Uint8Array };

/** From a worker. */
export type FromWorker =
  /** The job's module is loaded; `start` may come. */
  | { readonly kind: "ready" }
  /** The job's module cannot be used. */
  | { readonly kind: "unusable"; readonly message: string }
  /** The user's half of the job has its initial data; tasks may come. */
  | { readonly kind: "prepared" }
  /** Results, packed, in the order of their tasks. */
  | { readonly kind: "results"; readonly count: number; readonly batch: ArrayBuffer }
  /** One result that is too large to be copied into a batch. */
  | { readonly kind: "large-result"; readonly elapsedMs: number; readonly payload: Uint8Array }
  /** The tasks that were revoked are forgotten. */
  | { readonly kind: "revoked" }
  /** An error that nothing in user code caught: the worker can not be relied on any more. */
  | { readonly kind: "uncaught"; readonly failure: TaskFailure }
  | Omit<LogMessage, "type"> & { readonly kind: "log" }
  | { readonly kind: "progress"; readonly task: number; readonly attempt: number; readonly fraction: number }
  /** A message to the server's half of the job. */
  | { readonly kind: "custom"; readonly payload: Uint8Array }
  /** The user's half has been handed one more message from the server's half. */
  | { readonly kind: "custom-taken" };

/** A worker, seen from the I/O thread. */
export interface WorkerPort {
  /** Sends to the worker; the buffers of `transfer` are moved, not copied. */
  readonly post: (message: ToWorker, transfer?: ArrayBuffer[]) => void;
  /** Ends the worker at once, whatever it does. Nothing is heard from it any more. */
  readonly terminate: () => void;
}

/** Who hears of a worker. */
export interface WorkerEvents {
  /** The worker has sent something. */
  readonly onMessage: (message: FromWorker) => void;
  /** The worker has ended, or cannot be loaded, by this error. */
  readonly onError: (message: string) => void;
}

/** Starts a worker. */
export type SpawnWorker = (events: WorkerEvents) => WorkerPort;
