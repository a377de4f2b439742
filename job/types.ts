/**
 * The contracts between a job and Gristmill.
 *
 * @module
 */
import type { NodeId, TaskFailure } from "../actors/remote/protocol.ts";

export type { NodeId };

/** What a task needs of the node that computes it. */
export interface TaskNeeds {
  /** Tasks of higher priority are handed out first. @default 0 */
  readonly priority?: number;
  /** How long one attempt may compute, in milliseconds. @default what the job says */
  readonly timeoutMs?: number;
  /**
   * What labels the node must have: `{ gpu: "1", mem: ">=64g" }`. A value is what the label must be equal to, or a
   * comparison of numbers with `>=`, `>`, `<=` or `<`. The unit of a number may be `k`, `m`, `g` or `t`, each 1024
   * times the one before, in either case. A node without the label does not get the task. @default none
   */
  readonly requires?: Readonly<Record<string, string>>;
  /** How long it takes at most, in milliseconds: only nodes that live that long get it. @default unknown */
  readonly expectedMs?: number;
}

/** What a job server says when a node could take work. */
export type JobStatus<Task> =
  /** Here is a task for that node. */
  | { readonly status: "unfinished"; readonly data: Task; readonly needs?: TaskNeeds }
  /** Nothing now, but there may be when a result, a failure or a lost node has changed the books. */
  | { readonly status: "waiting" }
  /** The job is done. */
  | { readonly status: "finished" };

/** A value, now or later. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * The server half of a job that keeps its own books: the contract of node_crunch. Every call is made after the one
 * before it has settled. The members are function properties, not methods, so that the compiler compares their
 * parameters strictly; write them as methods all the same.
 */
export interface JobServer<
  Initial = unknown,
  Task = unknown,
  Result = unknown,
  Custom = unknown,
  Snapshot = unknown,
> {
  /** Called once for each node that registers; what it returns is given to {@linkcode JobNode.setInitialData}. */
  readonly initialData?: (node: NodeId) => MaybePromise<Initial | undefined>;
  /** Called whenever a node could take one more task. */
  readonly prepareDataForNode: (node: NodeId) => MaybePromise<JobStatus<Task>>;
  /** Called once for each task's result. */
  readonly processDataFromNode: (node: NodeId, result: Result) => MaybePromise<void>;
  /** Called with nodes that are gone. Their results will not come: give their work to others. */
  readonly heartbeatTimeout?: (nodes: NodeId[]) => MaybePromise<void>;
  /** Called with what a node's half of the job has sent, or an operator; the latter's `node` is `operator`. */
  readonly customMessage?: (node: NodeId, message: Custom) => MaybePromise<void>;
  /**
   * The state as plain data, for the journal: it stands for all calls so far. Without it a resumed job is brought back
   * by the same calls in the same order.
   */
  readonly snapshot?: () => Snapshot;
  /**
   * Takes over what `snapshot` gave in an earlier run, before any other call. Nodes of that run are gone. To be given
   * together with `snapshot`.
   */
  readonly restore?: (data: NoInfer<Snapshot>) => MaybePromise<void>;
  /** Called once, when all is done; not after a job that failed or was stopped. */
  readonly finishJob?: (summary: Summary) => MaybePromise<void>;
}

/** What the server half of a job can do. */
export interface ServerContext<Custom = unknown> {
  /** Writes into the server's log. */
  readonly log: (text: string) => void;
  /**
   * Says that the books have changed for a reason of their own, such as a file that arrived: nodes that were told to
   * wait are asked for again at once.
   */
  readonly changed: () => void;
  /** Sends to one node's half of the job, or to all. @returns to how many nodes it went. */
  readonly send: (to: NodeId | "all", message: Custom) => number;
}

/** The node half of a job. Each worker of a node has one. */
export interface JobNode<Initial = unknown, Task = unknown, Result = unknown, Custom = unknown> {
  /** Called once in each worker before its first task. */
  readonly setInitialData?: (node: NodeId, data: Initial | undefined) => MaybePromise<void>;
  /** Computes one task. What it throws is reported to the server. */
  readonly processDataFromServer: (data: Task, context: TaskContext<Custom>) => MaybePromise<Result>;
  /** Called with what the server's half of the job has sent. */
  readonly customMessage?: (message: Custom) => MaybePromise<void>;
}

/** What a task's computation can do. */
export interface TaskContext<Custom = unknown> {
  /** The node that computes. */
  readonly node: NodeId;
  /** The task's number, from 0. */
  readonly task: number;
  /** The attempt at this task, from 1. */
  readonly attempt: number;
  /** Aborted when the result is no longer wanted. */
  readonly signal: AbortSignal;
  /** Writes a line into the server's log, tagged with node, task and attempt. */
  readonly log: (text: string) => void;
  /** Says how far the task is, between 0 and 1. */
  readonly progress: (fraction: number) => void;
  /** Sends to the server's half of the job. */
  readonly send: (message: Custom) => void;
}

/** Limits that a job sets for its tasks; the command line may set others. */
export interface TaskLimits {
  /** How long one attempt may compute, in milliseconds; 0 for no limit. @default 0 */
  readonly timeoutMs?: number;
  /** How many attempts a task has that fails by its own error. @default 3 */
  readonly maxAttempts?: number;
}

/** Values that the command line can fill: an object of numbers, strings and booleans with their defaults. */
export type JobOptions = Readonly<Record<string, string | number | boolean>>;

/**
 * A job as the runtime sees it, whatever way it was written. Made by `defineJob` and `defineJobPair`; what a job
 * module exports as its default.
 */
// deno-lint-ignore no-explicit-any -- the runtime carries the user's types without knowing them
export interface Job<Options extends JobOptions = any> {
  /** Tells a job from any other object, also across copies of this package. */
  readonly gristmill: "job/1";
  /** The job's name, for people. */
  readonly name: string;
  /** The options and their defaults. */
  readonly options: Options;
  /** Limits for each task. */
  readonly limits: TaskLimits;
  /**
   * Whether a task belongs to the node that it was made for. Then it is retried there, and forgotten with the node,
   * for the book will hand its work out anew.
   */
  readonly pinned: boolean;
  /** How many results of a task, from different nodes, must agree; 1 to believe the first. */
  readonly replicas: number;
  /** Makes the server's books. */
  readonly book: (options: Options, context: ServerContext) => JobBook;
  /** Makes the node half, once in each worker. */
  readonly node: (options: Options) => JobNode;
}

/**
 * The server half as the Job actor drives it: both levels of the job contract become one of these. A call need not
 * wait until the one before it has settled. While `next` is pending, `collect` and `dropped` must not be held back:
 * an adaptive job waits in `next` for exactly these.
 *
 * @typeParam Task The task's data as the user sees it
 */
export interface JobBook<Task = unknown, Result = unknown> {
  /** Called once for each node that registers. */
  readonly initialData: (node: NodeId) => MaybePromise<unknown>;
  /** Called whenever a node could take one more task. */
  readonly next: (node: NodeId) => MaybePromise<JobStatus<Task>>;
  /** Called once for each task's result. */
  readonly collect: (node: NodeId, result: Result, task: Task) => MaybePromise<void>;
  /** Called with a task that failed for good: no result of it will be collected. */
  readonly dropped: (task: Task) => MaybePromise<void>;
  /** Called with nodes that are gone. */
  readonly lost: (nodes: NodeId[]) => MaybePromise<void>;
  /** Called with what a node's half of the job has sent. */
  readonly custom: (node: NodeId, message: unknown) => MaybePromise<void>;
  /** Whether two results of one task agree; there wherever replicas are wanted. */
  readonly agree?: (a: Result, b: Result) => MaybePromise<boolean>;
  /** The state of the books, as plain data: it stands for all that was collected so far. */
  readonly snapshot?: () => unknown;
  /** Takes over what `snapshot` gave in an earlier run, before anything else is called. */
  readonly restore?: (data: unknown) => MaybePromise<void>;
  /** Called once when no more tasks will be asked for, whatever the outcome: frees their source. Before `finish`. */
  readonly close: () => MaybePromise<void>;
  /** Called once at the end, whatever the outcome. */
  readonly finish: (summary: Summary) => MaybePromise<void>;
  /** How many tasks there are in all, as far as the book knows; for progress. */
  readonly total: () => number | undefined;
}

/** How an attempt at a task failed. */
export interface AttemptFailure extends Omit<TaskFailure, "kind"> {
  /** As the node said it; or `node-lost`: the node itself was lost, and the message says how. */
  readonly kind: TaskFailure["kind"] | "node-lost";
}

/** What one attempt at a task ended with. */
export interface Evidence {
  /** The attempt's number, from 1. */
  readonly attempt: number;
  /** The node's name. */
  readonly node: string;
  /** When the server learned of it, in milliseconds since 1970. */
  readonly at: number;
  /** How it failed. */
  readonly failure: AttemptFailure;
}

/** A task that failed for good. */
export interface FailedTask {
  /** The task's number, from 0. */
  readonly task: number;
  /** How many attempts were made. */
  readonly attempts: number;
  /** `failed`: by its own error. `quarantined`: nodes were lost under it, again and again. */
  readonly outcome: "failed" | "quarantined";
  /** Why: one line, then details on further lines. */
  readonly reason: string;
  /** Its latest failures, lost nodes among them. */
  readonly evidence: readonly Evidence[];
}

/** How a job went. */
export interface Summary {
  /** `complete`: every task was collected. `failed`: a task, or the job's own code, failed. `stopped`: by request. */
  readonly outcome: "complete" | "failed" | "stopped";
  /** Why, if it is not complete: one line, then details on further lines. */
  readonly reason?: string;
  /** How many tasks were collected. */
  readonly collected: number;
  /** How many tasks failed for good. */
  readonly failed: number;
  /** How many attempts were made again, for whatever reason. */
  readonly retried: number;
  /** How many late or duplicate results were dropped. */
  readonly dropped: number;
  /** How many attempts were made a second time because the first took long. */
  readonly speculated: number;
  /** How many results an earlier run had stored. */
  readonly resumed: number;
  /** The tasks that failed for good, at most the first thousand. */
  readonly failures: readonly FailedTask[];
  /** How many nodes took part. */
  readonly nodes: number;
  /** How many of these were lost. */
  readonly nodesLost: number;
  /** From start to end, in milliseconds. */
  readonly elapsedMs: number;
  /** The time that nodes spent computing what was collected, in milliseconds. */
  readonly computeMs: number;
}
