/**
 * Defining a job whose books Gristmill keeps: what most users write.
 *
 * @module
 */
import type { NodeId } from "../actors/remote/protocol.ts";
import { checkDefinition, checkSnapshotPair, type JobHeader, jobHeader } from "./definition.ts";
import { JobError } from "./errors.ts";
import type { OptionValues } from "./job_options.ts";
import { createTaskBook } from "./task_book.ts";
import type { Job, JobBook, JobNode, JobOptions, MaybePromise, Summary, TaskContext, TaskNeeds } from "./types.ts";

/** What the server's functions of a job can use. */
export interface ServerTools<Options extends JobOptions, State> {
  /** The options as the command line filled them. */
  readonly options: OptionValues<Options>;
  /** What `state` returned. */
  readonly state: State;
  /** Writes a line into the server's log. */
  readonly log: (text: string) => void;
}

/** What `tasks` can use beside what all of the server's functions can. */
export interface TaskSourceTools<Options extends JobOptions, State> extends ServerTools<Options, State> {
  /**
   * Waits until at most `atMost` of the tasks that were yielded are outstanding, that is neither collected nor failed
   * for good. `await settled()` lets one stage end before the next begins. @default 0
   *
   * @throws {JobError} code `job-closed`, if the job ends meanwhile.
   */
  readonly settled: (atMost?: number) => Promise<void>;
  /** Aborted when no more tasks are wanted, since the job failed or was stopped. */
  readonly signal: AbortSignal;
}

/** What `collect` can use beside what all of the server's functions can. */
export interface CollectTools<Options extends JobOptions, State> extends ServerTools<Options, State> {
  /** The node that computed the result. */
  readonly node: NodeId;
}

/** What `compute` can use. */
export interface ComputeTools<Options extends JobOptions, Initial> extends Omit<TaskContext<never>, "send" | "task"> {
  /** The options as the server's command line filled them. */
  readonly options: OptionValues<Options>;
  /** What `initial` returned; one object for all tasks of a worker. */
  readonly initial: Initial;
  /** The task's number, from 0. */
  readonly taskNumber: number;
}

/** What {@linkcode defineJob} takes. Write the fields in this order: the compiler infers each from those before it. */
export interface JobDefinition<Options extends JobOptions, State, Task, Initial, Result, Snapshot = unknown>
  extends JobHeader<Options> {
  /** Makes what the server's functions share, once, before any other of them is called. @default undefined */
  readonly state?: (
    options: OptionValues<Options>,
    tools: Omit<ServerTools<Options, State>, "state" | "options">,
  ) => MaybePromise<State>;
  /**
   * The tasks: an array, a generator, or anything else that can be iterated, also asynchronously. Pulled one by one as
   * nodes have room. An adaptive job writes an async generator, and awaits `settled` before it goes on.
   */
  readonly tasks: (
    options: OptionValues<Options>,
    tools: TaskSourceTools<Options, State>,
  ) => MaybePromise<Iterable<Task> | AsyncIterable<Task>>;
  /** What a task needs of its node: priority, labels, time. @default nothing */
  readonly needs?: (task: NoInfer<Task>, options: OptionValues<Options>) => TaskNeeds;
  /** How many tasks there will be, for progress and estimates. @default the length of an array, else unknown */
  readonly total?: (options: OptionValues<Options>, tools: ServerTools<Options, State>) => number;
  /**
   * Makes, once, what every node gets before its first task. What a worker derives from it for all of its tasks fits
   * into a variable of the module, for each worker has the module to itself. @default undefined
   */
  readonly initial?: (
    options: OptionValues<Options>,
    tools: ServerTools<Options, State>,
  ) => MaybePromise<Initial>;
  /** Computes one task, in a worker of a node. What it throws is reported to the server, and the task tried again. */
  readonly compute: (task: NoInfer<Task>, tools: ComputeTools<Options, NoInfer<Initial>>) => MaybePromise<Result>;
  /**
   * How many results of each task, from different nodes, must agree before one counts: for nodes that are not trusted.
   *
   * @default 1: the first result counts
   */
  readonly replicas?: number;
  /** Whether two results of one task agree. @default they are equal, deeply */
  readonly agree?: (a: NoInfer<Result>, b: NoInfer<Result>) => MaybePromise<boolean>;
  /** Takes a task's result, on the server, exactly once a task. @default the result is dropped */
  readonly collect?: (
    result: NoInfer<Result>,
    task: NoInfer<Task>,
    tools: CollectTools<Options, State>,
  ) => MaybePromise<void>;
  /**
   * The state as plain data, for the journal: it stands for all that was collected so far, so that a job that is
   * resumed need not collect it again. @default every result is kept and collected again
   */
  readonly snapshot?: (state: NoInfer<State>) => Snapshot;
  /** Makes the state of a snapshot, in place of `state`. To be given together with `snapshot`. */
  readonly restore?: (data: NoInfer<Snapshot>, options: OptionValues<Options>) => MaybePromise<NoInfer<State>>;
  /** Called once at the end, whatever the outcome: see {@linkcode Summary.outcome}. */
  readonly finish?: (summary: Summary, tools: ServerTools<Options, State>) => MaybePromise<void>;
}

/** More copies of each task than this are surely a mistake. */
const replicasMax = 100;

function createNode<Options extends JobOptions, State, Task, Initial, Result, Snapshot>(
  definition: JobDefinition<Options, State, Task, Initial, Result, Snapshot>,
  options: OptionValues<Options>,
): JobNode<Initial, Task, Result> {
  let initial: Initial | undefined;
  return {
    setInitialData: (_node, data) => {
      initial = data;
    },
    processDataFromServer: (task, { node, task: taskNumber, attempt, signal, log, progress }) =>
      definition.compute(task, {
        node,
        taskNumber,
        attempt,
        signal,
        log,
        progress,
        options,
        initial: initial as Initial,
      }),
  };
}

/**
 * Defines a job. Gristmill hands its tasks out, tries them again where needed, and has each result collected exactly
 * once. A module exports the job as its default.
 *
 * @throws {JobError} code `job-invalid`, if the definition cannot be used.
 *
 * @example
 * ```ts
 * import { defineJob } from "@gristmill/gristmill/job";
 *
 * export default defineJob({
 *   name: "sum-of-squares",
 *   options: { upTo: 1000 },
 *   state: () => ({ sum: 0 }),
 *   *tasks({ upTo }) {
 *     for (let number = 1; number <= upTo; number++) yield number;
 *   },
 *   total: ({ upTo }) => upTo,
 *   compute: (number) => number * number,
 *   collect(square, _number, { state }) {
 *     state.sum += square;
 *   },
 *   finish(_summary, { state, log }) {
 *     log(`the sum is ${state.sum}`);
 *   },
 * });
 * ```
 */
export function defineJob<
  Options extends JobOptions = Record<never, never>,
  State = undefined,
  Task = unknown,
  Initial = undefined,
  Result = unknown,
  Snapshot = unknown,
>(definition: JobDefinition<Options, State, Task, Initial, Result, Snapshot>): Job<OptionValues<Options>> {
  checkDefinition(definition, {
    state: "optional",
    tasks: "required",
    needs: "optional",
    total: "optional",
    initial: "optional",
    compute: "required",
    agree: "optional",
    collect: "optional",
    snapshot: "optional",
    restore: "optional",
    finish: "optional",
  }, ["replicas"]);
  const { name, replicas = 1 } = definition;
  checkSnapshotPair(name, definition);
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > replicasMax) {
    const wanted = `must be a whole number from 1 to ${replicasMax}`;
    throw new JobError("job-invalid", `Cannot define job ${JSON.stringify(name)}: replicas = ${replicas} ${wanted}`);
  }
  return {
    ...jobHeader(definition),
    pinned: false,
    replicas,
    // The runtime gives each half only what came out of the other, so that the user's types hold without being known.
    book: (values, { log }) => createTaskBook(definition, values as OptionValues<Options>, log) as JobBook,
    node: (values) => createNode(definition, values as OptionValues<Options>) as unknown as JobNode,
  };
}
