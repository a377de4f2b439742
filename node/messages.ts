/**
 * What the actors of a node say to each other.
 *
 * @module
 */
import type {
  Attempt,
  LogMessage,
  ProgressMessage,
  ResultEntry,
  TaskEntry,
  WireMessage,
} from "../actors/remote/protocol.ts";
import type { Link } from "../actors/remote/transport.ts";
import type { SessionData } from "./worker_slot.ts";
import type { FromWorker } from "./worker_protocol.ts";

/** To the pool. `session` counts the node's registrations; what belongs to an old one is dropped. */
export type PoolMessage =
  /** The node is registered and has its initial data. */
  | { readonly type: "session"; readonly session: number; readonly data: SessionData }
  | { readonly type: "tasks"; readonly tasks: readonly TaskEntry[] }
  /** Nobody wants these any more. */
  | { readonly type: "cancel"; readonly attempts: readonly Attempt[] }
  /** Hand back those of these that have not begun. */
  | { readonly type: "recall"; readonly attempts: readonly Attempt[] }
  /** Answer with `held`. */
  | { readonly type: "take-stock" }
  | { readonly type: "custom"; readonly payload: Uint8Array }
  /** The node starts anew: the server gives its tasks to others. */
  | { readonly type: "drop" }
  /** The node leaves: begin nothing more, hand back what waits, and answer with `drained` when nothing runs. */
  | { readonly type: "drain" }
  /** The node leaves now: end all workers, and answer with `handed-back`. */
  | { readonly type: "hand-back" }
  /** From the worker that was the slot's `life`-th. */
  | { readonly type: "worker"; readonly slot: number; readonly life: number; readonly message: FromWorker }
  | { readonly type: "worker-error"; readonly slot: number; readonly life: number; readonly message: string }
  /** The worker should have loaded its module by now. */
  | { readonly type: "load-deadline"; readonly slot: number; readonly life: number }
  /** A time limit may be reached. */
  | { readonly type: "check" };

/** From the pool to the node. */
export type PoolReport =
  | { readonly type: "results"; readonly session: number; readonly results: readonly ResultEntry[] }
  /** Every attempt that is here and has no result yet, in order with the results. */
  | { readonly type: "held"; readonly session: number; readonly attempts: readonly Attempt[] }
  /** Nothing is here any more. */
  | { readonly type: "drained"; readonly session: number }
  /** All that was unfinished, as failures of the kind `handed-back`. The workers are ended. */
  | { readonly type: "handed-back"; readonly session: number; readonly results: readonly ResultEntry[] }
  | { readonly type: "say"; readonly session: number; readonly message: LogMessage | ProgressMessage }
  | { readonly type: "send-custom"; readonly session: number; readonly payload: Uint8Array }
  /** No worker can run this job. */
  | { readonly type: "unusable"; readonly message: string };

/** What the pool counts. Written by the pool alone, read by the node for its heartbeats and its status. */
export interface PoolCounts {
  /** How many workers have a task. */
  busy: number;
  /** How many tasks wait. */
  queued: number;
  /** How many results were handed on. */
  computed: number;
  /** How many attempts were reported as failed. */
  failed: number;
}

/** To the node. `link` counts its attempts to connect; what belongs to an old one is dropped. */
export type NodeMessage =
  | PoolReport
  /** Dial the server again. */
  | { readonly type: "dial" }
  | { readonly type: "dialed"; readonly stream: Link }
  | { readonly type: "not-dialed"; readonly error: unknown }
  | { readonly type: "wire"; readonly link: number; readonly message: WireMessage }
  | { readonly type: "closed"; readonly link: number; readonly why: string }
  /** The handshake, or taking leave, has lasted too long. */
  | { readonly type: "late"; readonly link: number }
  /** It is time for a heartbeat. */
  | { readonly type: "beat" }
  /** It is time to see whether the server is still there. */
  | { readonly type: "listen" }
  /** Leave; tasks that run have `graceMs` to end. */
  | { readonly type: "stop"; readonly reason: string; readonly graceMs: number }
  /** Tasks that still run have had their time. */
  | { readonly type: "grace-over" };
