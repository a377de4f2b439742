/**
 * The books of a job made by `defineJob`: what was pulled out of its tasks, and what became of it.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { checkNeeds } from "./check_needs.ts";
import type { CollectTools, JobDefinition, ServerTools } from "./define_job.ts";
import { JobError } from "./errors.ts";
import type { OptionValues } from "./job_options.ts";
import { chain, createSerial, isPromise, lazy } from "./maybe_promise.ts";
import { createOutstanding, type Outstanding } from "./outstanding.ts";
import { openTaskSource, type TaskSource } from "./task_source.ts";
import type { JobBook, JobOptions, JobStatus, MaybePromise, NodeId, TaskNeeds } from "./types.ts";

function checkTotal(total: number | undefined): number | undefined {
  if (total === undefined || (Number.isSafeInteger(total) && total >= 0)) return total;
  throw new JobError("tasks-invalid", `Cannot use ${total} as the total of tasks: it must be a whole number from 0`);
}

/** Hands tasks out of a source, one at a time. */
interface Puller<Task> {
  readonly pull: () => MaybePromise<JobStatus<Task>>;
  /** How many tasks there were, once that is known. */
  readonly total: () => number | undefined;
  /** Ends the source early, if it was begun and is not at its end. */
  readonly close: () => MaybePromise<void>;
}

function createPuller<Task>(
  open: () => MaybePromise<TaskSource<Task>>,
  outstanding: Outstanding,
  ended: AbortSignal,
  needsOf: ((task: Task) => TaskNeeds) | undefined,
): Puller<Task> {
  const opened = lazy(open);
  let source: TaskSource<Task> | undefined;
  let pulled = 0;
  let exhausted = false;
  let failure: { readonly error: unknown } | undefined;

  const over = (): JobStatus<Task> => ({ status: outstanding.count() > 0 ? "waiting" : "finished" });
  const answer = (step: IteratorResult<Task, unknown>): JobStatus<Task> => {
    if (step.done) {
      exhausted = true;
      return over();
    }
    const data = step.value;
    const needs = needsOf && checkNeeds(pulled, needsOf(data));
    pulled++;
    outstanding.add();
    return needs ? { status: "unfinished", data, needs } : { status: "unfinished", data };
  };
  // A generator that has thrown says "done" from then on; without this the job would pass for complete.
  const fail = (error: unknown): JobStatus<Task> => {
    if (ended.aborted) return over();
    failure = { error };
    throw error;
  };
  const step = (begun: TaskSource<Task>): MaybePromise<JobStatus<Task>> => {
    if (ended.aborted) return over();
    source = begun;
    return chain(begun.next(), answer);
  };
  const pull = (): MaybePromise<JobStatus<Task>> => {
    if (failure) throw failure.error;
    if (exhausted || ended.aborted) return over();
    try {
      const status = chain(opened.get(), step);
      return isPromise(status) ? status.catch(fail) : status;
    } catch (error) {
      return fail(error);
    }
  };
  return {
    pull,
    total: () => exhausted ? pulled : source?.length,
    close: () => exhausted || failure ? undefined : source?.close(),
  };
}

/** What `collect` is given: made anew only for another node, since results come in batches from one. */
function createCollectTools<Options extends JobOptions, State>() {
  let latest: CollectTools<Options, State> | undefined;
  return (given: ServerTools<Options, State>, node: NodeId): CollectTools<Options, State> =>
    latest?.node === node ? latest : latest = { ...given, node };
}

/** Makes the book. The user's functions are called as the book is asked, and not before. */
export function createTaskBook<Options extends JobOptions, State, Task, Initial, Result, Snapshot>(
  definition: JobDefinition<Options, State, Task, Initial, Result, Snapshot>,
  options: OptionValues<Options>,
  log: (text: string) => void,
): JobBook<Task, Result> {
  const outstanding = createOutstanding();
  const oneByOne = createSerial();
  const ended = new AbortController();
  let told: number | undefined;

  let restored: { readonly data: Snapshot } | undefined;
  let ready: ServerTools<Options, State> | undefined;

  const state = lazy(() =>
    restored ? definition.restore!(restored.data, options) : definition.state?.(options, { log }) as MaybePromise<State>
  );
  const tools = () => ready ?? chain(state.get(), (shared) => ready = { options, state: shared, log });
  const initial = lazy(() => chain(tools(), (given) => definition.initial?.(options, given)));
  const open = () =>
    chain(tools(), (given) => {
      told = checkTotal(definition.total?.(options, given));
      const tasks = definition.tasks(options, { ...given, settled: outstanding.settled, signal: ended.signal });
      return chain(tasks, openTaskSource);
    });
  const { pull, total, close } = createPuller(
    open,
    outstanding,
    ended.signal,
    definition.needs && ((task) => definition.needs!(task, options)),
  );

  const collectTools = createCollectTools<Options, State>();
  const collect = (given: ServerTools<Options, State>, node: NodeId, result: Result, task: Task) =>
    chain(definition.collect?.(result, task, collectTools(given, node)), outstanding.remove);

  return {
    initialData: () => definition.initial ? initial.get() : undefined,
    next: () => oneByOne(pull),
    collect: (node, result, task) =>
      ready ? collect(ready, node, result, task) : chain(tools(), (given) => collect(given, node, result, task)),
    dropped: outstanding.remove,
    agree: (a, b) => definition.agree ? definition.agree(a, b) : isDeepStrictEqual(a, b),
    ...(definition.snapshot && {
      snapshot: () => definition.snapshot!(ready!.state),
      restore: (data: unknown) => {
        restored = { data: data as Snapshot };
        return chain(tools(), () => {});
      },
    }),
    lost: () => {},
    custom: () => {},
    close: () => {
      if (ended.signal.aborted) return;
      const reason = new JobError("job-closed", "The job has ended: no more tasks are wanted");
      ended.abort(reason);
      outstanding.close(reason);
      return close();
    },
    finish: (summary) => {
      if (!definition.finish || state.failed()) return;
      return chain(tools(), (given) => definition.finish?.(summary, given));
    },
    total: () => total() ?? told,
  };
}
