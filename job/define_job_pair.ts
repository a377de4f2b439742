/**
 * Defining a job that keeps its own books: the contract of node_crunch.
 *
 * @module
 */
import { checkNeeds } from "./check_needs.ts";
import { checkDefinition, checkSnapshotPair, type JobHeader, jobHeader } from "./definition.ts";
import type { OptionValues } from "./job_options.ts";
import { chain, createSerial } from "./maybe_promise.ts";
import type { Job, JobBook, JobNode, JobOptions, JobServer, JobStatus, ServerContext } from "./types.ts";

/**
 * What {@linkcode defineJobPair} takes. The compiler holds both halves to the same four types. It infers initial data
 * and tasks from what the server hands out. Name the type of a result where the server takes it, and that of custom
 * messages, if there are any, at the server's context: `server(options, context: ServerContext<Message>)`.
 */
export interface JobPairDefinition<Options extends JobOptions, Initial, Task, Result, Custom, Snapshot = unknown>
  extends JobHeader<Options> {
  /** Makes the server's half, once a run. */
  readonly server: (
    options: OptionValues<Options>,
    context: ServerContext<Custom>,
  ) => JobServer<Initial, Task, Result, Custom, Snapshot>;
  /** Makes a node's half, once in each worker. */
  // Where one branch of the server waits, TypeScript takes its absent `data` for a task as well: hence the Exclude.
  readonly node: (
    options: OptionValues<Options>,
  ) => JobNode<NoInfer<Initial>, NoInfer<Exclude<Task, undefined>>, Result, Custom>;
}

function createPairBook(name: string, server: JobServer): JobBook {
  checkSnapshotPair(name, server);
  const oneByOne = createSerial();
  let given = 0;
  const checked = (status: JobStatus<unknown>): JobStatus<unknown> => {
    if (status.status !== "unfinished") return status;
    if (status.needs !== undefined) checkNeeds(given, status.needs);
    given++;
    return status;
  };
  return {
    initialData: (node) => oneByOne(() => server.initialData?.(node)),
    next: (node) => oneByOne(() => chain(server.prepareDataForNode(node), checked)),
    collect: (node, result) => oneByOne(() => server.processDataFromNode(node, result)),
    dropped: () => {},
    lost: (nodes) => oneByOne(() => server.heartbeatTimeout?.(nodes)),
    custom: (node, message) => oneByOne(() => server.customMessage?.(node, message)),
    ...(server.snapshot && {
      snapshot: () => server.snapshot!(),
      restore: (data: unknown) => oneByOne(() => server.restore!(data)),
    }),
    close: () => {},
    finish: (summary) => oneByOne(() => summary.outcome === "complete" ? server.finishJob?.(summary) : undefined),
    total: () => undefined,
  };
}

/**
 * Defines a job as two halves. The server's half decides which node does what and when the job is done; it must hand
 * the work of lost nodes out again. Where that is not needed, `defineJob` is less to write.
 *
 * @throws {JobError} code `job-invalid`, if the definition cannot be used.
 *
 * @example
 * ```ts
 * import { ChunkList, defineJobPair } from "@gristmill/gristmill/job";
 *
 * export default defineJobPair({
 *   name: "squares",
 *   options: { upTo: 100 },
 *   server({ upTo }, { log }) {
 *     const chunks = ChunkList.of(Array.from({ length: upTo }, (_, index) => index + 1));
 *     let sum = 0;
 *     return {
 *       prepareDataForNode(node) {
 *         const chunk = chunks.next(node);
 *         if (chunk) return { status: "unfinished", data: { id: chunk.id, number: chunk.data } };
 *         return { status: chunks.allFinished ? "finished" : "waiting" };
 *       },
 *       processDataFromNode(node, { id, square }: { id: number; square: number }) {
 *         chunks.finish(id, node, () => void (sum += square));
 *       },
 *       heartbeatTimeout(nodes) {
 *         chunks.heartbeatTimeout(nodes);
 *       },
 *       finishJob: () => log(`the sum is ${sum}`),
 *     };
 *   },
 *   node: () => ({
 *     processDataFromServer: ({ id, number }) => ({ id, square: number * number }),
 *   }),
 * });
 * ```
 */
export function defineJobPair<
  Options extends JobOptions = Record<never, never>,
  Initial = undefined,
  Task = unknown,
  Result = unknown,
  Custom = unknown,
  Snapshot = unknown,
>(definition: JobPairDefinition<Options, Initial, Task, Result, Custom, Snapshot>): Job<OptionValues<Options>> {
  checkDefinition(definition, { server: "required", node: "required" });
  const { name, server, node } = definition;
  return {
    ...jobHeader(definition),
    pinned: true,
    replicas: 1,
    // The runtime gives each half only what came out of the other, so that the user's types hold without being known.
    book: (values, context) =>
      createPairBook(
        name,
        server(values as OptionValues<Options>, context as ServerContext<Custom>) as unknown as JobServer,
      ),
    node: (values) => node(values as OptionValues<Options>) as unknown as JobNode,
  };
}
