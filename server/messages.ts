/**
 * What the actors of a server say to each other.
 *
 * @module
 */
import type { Ref } from "../actors/types.ts";
import type {
  Attempt,
  Finished,
  Hello,
  NodeId,
  ProgressMessage,
  Refused,
  ResultEntry,
  TaskEntry,
  TaskFailure,
  WireMessage,
} from "../actors/remote/protocol.ts";
import type { ConnectionClosed } from "../actors/remote/connection.ts";
import type { Link } from "../actors/remote/transport.ts";
import type { FailedTask, JobStatus, Summary, TaskNeeds } from "../job/types.ts";
import type { NewNode } from "./capacity.ts";
import type { StoredCall, TaskRange } from "./journal/types.ts";

/** To a Session: the local stand-in of one node. */
export type SessionMessage =
  | { readonly type: "wire"; readonly message: WireMessage }
  | { readonly type: "closed"; readonly closed: ConnectionClosed }
  | { readonly type: "handshake-timeout" }
  /** The node is known from now on; whether as the one that it was before, with all that it holds. */
  | { readonly type: "registered"; readonly node: NodeId; readonly isResumed: boolean }
  /** The node came too late, or may not come. */
  | { readonly type: "refused"; readonly refusal: Refused }
  | { readonly type: "initial"; readonly payload: Uint8Array | undefined }
  | { readonly type: "grant"; readonly tasks: readonly TaskEntry[] }
  | { readonly type: "cancel"; readonly attempts: readonly Attempt[]; readonly isRecall: boolean }
  /** The node may forget these. */
  | { readonly type: "ack"; readonly attempts: readonly Attempt[] }
  | { readonly type: "custom"; readonly payload: Uint8Array }
  /** Say this, then close. */
  | { readonly type: "finish"; readonly message: Finished }
  /** An actor has taken so many messages of the node. */
  | { readonly type: "received"; readonly count: number }
  /** Time to look whether the connection is still not read. */
  | { readonly type: "still-shut" }
  /** The node is given up, for this reason. */
  | { readonly type: "give-up"; readonly why: string };

/** What is known of a node. */
export interface NodeStatistics {
  /** The identity that the server gave it. */
  readonly id: NodeId;
  /** Its name, for people. */
  readonly name: string;
  /** How many tasks it computes at once. */
  readonly slots: number;
  /** What it says of itself. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where it dialled in from. */
  readonly address: string;
  /** Whether it is here, took its leave, or was given up. */
  readonly state: "here" | "left" | "lost";
  /** When it registered, in milliseconds since the server's start. */
  readonly joinedMs: number;
}

/** To the Registry: who is here. */
export type RegistryMessage =
  | {
    readonly type: "register";
    readonly hello: Hello;
    readonly address: string;
    readonly session: Ref<SessionMessage>;
  }
  /** The node says goodbye: what ends now is no loss. */
  | { readonly type: "leaving"; readonly node: NodeId }
  | {
    readonly type: "session-ended";
    readonly node: NodeId;
    readonly session: Ref<SessionMessage>;
    readonly why: string;
  }
  | { readonly type: "timed-out"; readonly nodes: readonly NodeId[] }
  | { readonly type: "custom"; readonly to: NodeId | "all"; readonly payload: Uint8Array }
  | { readonly type: "statistics"; readonly replyTo: Ref<readonly NodeStatistics[]> }
  /** An operator says that a node is gone, whatever its connection says. */
  | { readonly type: "remove-node"; readonly node: NodeId }
  /** Sends one node home. */
  | { readonly type: "dismiss-node"; readonly node: NodeId }
  /** Tells every node that the job is over, and the root when all have gone. */
  | { readonly type: "dismiss"; readonly message: Finished };

/** To the Heartbeat: who was heard when. */
export type HeartbeatActorMessage =
  | { readonly type: "heard"; readonly node: NodeId }
  | { readonly type: "forget"; readonly node: NodeId }
  | { readonly type: "check" };

/** A task as the Job offers it. */
export interface OfferedTask {
  readonly task: number;
  readonly payload: Uint8Array;
  readonly needs?: TaskNeeds;
  /** The hash of the payload, where the job is journaled. */
  readonly hash?: string;
}

/** A task with its result. */
export interface SettledTask {
  readonly task: number;
  /** The hash of the task's data, where the job is journaled. */
  readonly hash: string;
  /** The attempt whose result counts, and how many there were. */
  readonly attempt: number;
  readonly attempts: number;
  readonly node: NodeId;
  readonly nodeName: string;
  /** When the attempt began, in milliseconds of the server's clock. */
  readonly startedMs: number;
  readonly elapsedMs: number;
  readonly payload: Uint8Array;
}

/** A Session asks to be told when all that it passed on before has been taken. */
export interface Receipt {
  readonly type: "receipt";
  readonly count: number;
  readonly session: Ref<SessionMessage>;
}

/** To the Scheduler: who computes what. */
export type SchedulerMessage =
  | (NewNode & { readonly type: "node-ready"; readonly isResumed: boolean })
  /** The node takes nothing more; what it has still comes, as results or handed back. */
  | { readonly type: "node-leaving"; readonly node: NodeId }
  /** `loss` says how it was lost; absent if it took its leave, or is back already. */
  | { readonly type: "node-gone"; readonly node: NodeId; readonly loss?: string }
  | { readonly type: "results"; readonly node: NodeId; readonly results: readonly ResultEntry[] }
  /** All that a node holds. */
  | { readonly type: "held"; readonly node: NodeId; readonly attempts: readonly Attempt[] }
  | Receipt
  | { readonly type: "progress"; readonly node: NodeId; readonly progress: ProgressMessage }
  /**
   * The Job's answer to `need`. `requested` is the count of that request; 0 for what follows an answer of `later`, when
   * the books have what they were asked for.
   */
  | {
    readonly type: "offer";
    readonly node: NodeId;
    readonly requested: number;
    /** For which of its connections the node was asked for: what is offered to one that is lost is void. */
    readonly session?: Ref<SessionMessage>;
    readonly tasks: readonly OfferedTask[];
    readonly status: "more" | "later" | "waiting" | "finished";
    readonly total: number | undefined;
    /** Tasks below this number have been made. */
    readonly frontier: number;
    /** How many tasks were collected from the journal on the way. */
    readonly replayed: number;
    /** Which tasks had failed for good, as the journal has it. */
    readonly failures: readonly FailedTask[];
  }
  /** These results are safe. */
  | { readonly type: "stored"; readonly settled: readonly SettledTask[] }
  | { readonly type: "collected"; readonly tasks: readonly number[] }
  /** The Job could not take the result of a task. */
  | { readonly type: "rejected"; readonly task: number; readonly node: NodeId; readonly failure: TaskFailure }
  /** Which of so many results of a task counts, if enough agree. */
  | { readonly type: "compared"; readonly task: number; readonly votes: number; readonly agreed: number | undefined }
  /** The job's books may have changed for a reason of their own. */
  | { readonly type: "changed" }
  /** Time to look again, and to say how far the job is. */
  | { readonly type: "tick" }
  /** Grants nothing for a while. */
  | { readonly type: "pause" }
  | { readonly type: "unpause" }
  /** Grants nothing more, and ends the job when nothing is out any more. */
  | { readonly type: "drain" }
  /** Sends a node home when it has done what it has. */
  | { readonly type: "drain-node"; readonly node: NodeId }
  /** Hands out nothing more; tells the root the counts so far. */
  | { readonly type: "halt" };

/** To the Journal: what must survive. */
export type JournalMessage =
  | { readonly type: "append"; readonly settled: readonly SettledTask[] }
  | { readonly type: "failed"; readonly failure: FailedTask; readonly hash: string }
  /** The result that was appended of a task cannot be read. */
  | { readonly type: "withdraw"; readonly task: number }
  | { readonly type: "call"; readonly call: StoredCall }
  | { readonly type: "snapshot"; readonly data: Uint8Array; readonly tasks: readonly TaskRange[] }
  | { readonly type: "commit" }
  /** The job is over: the last word. */
  | { readonly type: "end"; readonly outcome: Summary["outcome"] };

/** To the Job: the user's books. */
export type JobMessage =
  /** Makes the books; the first message. */
  | { readonly type: "open" }
  | {
    readonly type: "joined";
    readonly node: NodeId;
    readonly session: Ref<SessionMessage>;
    /** Whether the node has its initial data already. */
    readonly isResumed: boolean;
  }
  | { readonly type: "need"; readonly node: NodeId; readonly count: number; readonly session?: Ref<SessionMessage> }
  /** What a `need` had to wait for. */
  | {
    readonly type: "prepared";
    readonly node: NodeId;
    /** The node's mark when it was asked for. */
    readonly mark: symbol | undefined;
    /** Notes for the record what came of it. */
    readonly note: (call?: StoredCall) => void;
    readonly status: JobStatus<unknown>;
  }
  | { readonly type: "broken"; readonly what: string; readonly thrown: unknown }
  | { readonly type: "dropped"; readonly task: number }
  | { readonly type: "results"; readonly results: readonly SettledTask[] }
  /** Do enough of these results agree? */
  | { readonly type: "compare"; readonly task: number; readonly votes: readonly Uint8Array[] }
  /** The node is gone, and with it the tasks that were made for it. */
  | { readonly type: "lost"; readonly node: NodeId; readonly forgotten: readonly number[] }
  | { readonly type: "custom"; readonly node: NodeId; readonly payload: Uint8Array }
  | Receipt
  /** The job is over, for whatever reason. */
  | { readonly type: "finish"; readonly summary: Summary };

/** To the root, which starts the others and ends them. */
export type RootMessage =
  | { readonly type: "accepted"; readonly link: Link }
  /** The job is over, for this reason; the first one counts. */
  | { readonly type: "over"; readonly outcome: Summary["outcome"]; readonly reason?: string }
  | { readonly type: "halted"; readonly counts: Counts; readonly failures: readonly FailedTask[] }
  /** Every node has gone, or has had its time. */
  | { readonly type: "dismissed" }
  | { readonly type: "ended"; readonly summary: Summary }
  /** The journal has its last word. */
  | { readonly type: "closed" };

/** The Scheduler's counts. */
export interface Counts {
  readonly collected: number;
  readonly failed: number;
  readonly retried: number;
  readonly dropped: number;
  readonly speculated: number;
  readonly resumed: number;
  readonly nodes: number;
  readonly nodesLost: number;
  readonly computeMs: number;
}

/** How far a job is. */
export interface Progress {
  /** Tasks collected. */
  readonly collected: number;
  /** Attempts that are with nodes. */
  readonly running: number;
  /** Tasks that failed for good. */
  readonly failed: number;
  /** Tasks in all, where that is known. */
  readonly total: number | undefined;
  /** Nodes that are here. */
  readonly nodes: number;
  /** Their slots. */
  readonly slots: number;
  /** Tasks a second over the last half minute. */
  readonly ratePerSecond: number;
  /** Time until all is done, in milliseconds, where that can be known. */
  readonly etaMs: number | undefined;
  /** Time since the start, in milliseconds. */
  readonly elapsedMs: number;
}
