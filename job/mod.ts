/**
 * What a job is written with.
 *
 * A job is a module whose default export says what there is to compute. This one is complete:
 *
 * ```ts
 * import { defineJob } from "@gristmill/gristmill/job";
 *
 * export default defineJob({
 *   name: "primes",
 *   options: { upTo: 1_000_000 },
 *   state: () => ({ count: 0 }),
 *   *tasks({ upTo }) {
 *     for (let from = 2; from <= upTo; from += 10_000) yield { from, to: Math.min(from + 9_999, upTo) };
 *   },
 *   compute({ from, to }) {
 *     let count = 0;
 *     for (let number = from; number <= to; number++) {
 *       let divisor = 2;
 *       while (divisor * divisor <= number && number % divisor !== 0) divisor++;
 *       if (divisor * divisor > number) count++;
 *     }
 *     return count;
 *   },
 *   collect(count, _task, { state }) {
 *     state.count += count;
 *   },
 *   finish(summary, { state, log }) {
 *     log(summary.outcome === "complete" ? `${state.count} primes` : `not complete: ${summary.reason}`);
 *   },
 * });
 * ```
 *
 * @module
 */

// Defining a job: Gristmill keeps the books (defineJob), or the job does (defineJobPair).
export {
  type CollectTools,
  type ComputeTools,
  defineJob,
  type JobDefinition,
  type ServerTools,
  type TaskSourceTools,
} from "./define_job.ts";
export { defineJobPair, type JobPairDefinition } from "./define_job_pair.ts";
export type { JobHeader } from "./definition.ts";

// The contracts between a job and the runtime.
export type {
  AttemptFailure,
  Evidence,
  FailedTask,
  Job,
  JobBook,
  JobNode,
  JobOptions,
  JobServer,
  JobStatus,
  MaybePromise,
  NodeId,
  ServerContext,
  Summary,
  TaskContext,
  TaskLimits,
  TaskNeeds,
} from "./types.ts";

// Work on two-dimensional arrays, cut into chunks, and the books of who has which.
export { Array2D, type Array2DData, type TypedArray, type TypedArrayKind } from "./array_2d.ts";
export { Array2DChunk } from "./array_2d_chunk.ts";
export { type ChunkGrid, type ChunkGridOptions, type ChunkRegion, createChunkGrid } from "./chunk_grid.ts";
export { type Chunk, ChunkList, type ChunkListData, type ChunkState, type ChunkStats } from "./chunk_list.ts";

// Options of a job: from a program's values, from a command line, and described for people.
export { describeJobOptions, fillJobOptions, type OptionValues, parseJobOptions } from "./job_options.ts";

// Finding the job in a module, and what can be wrong with a job.
export { isJob, jobOf } from "./is_job.ts";
export { JobError, type JobErrorCode } from "./errors.ts";
