/**
 * The books of a job made by `defineJob`: what was pulled out of its tasks, and what became of it.
 *
 * @module
 */
import type { JobDefinition } from "./define_job.ts";
import { JobError } from "./errors.ts";
import type { OptionValues } from "./job_options.ts";
import { chain, createSerial, isPromise, lazy } from "./maybe_promise.ts";
import { createOutstanding } from "./outstanding.ts";
import { openTaskSource, type TaskSource } from "./task_source.ts";
import type { JobBook, JobOptions, JobStatus, MaybePromise } from "./types.ts";

function checkTotal(total: number | undefined): number | undefined {
  if (total === undefined || (Number.isSafeInteger(total) && total >= 0)) return total;
  throw new JobError("tasks-invalid", `Cannot use ${total} as the total of tasks: it must be a whole number from 0`);
}

/** Makes the book. The user's functions are called as the book is asked, and not before. */
export function createTaskBook<Options extends JobOptions, State, Task, Initial, Result>(
  definition: JobDefinition<Options, State, Task, Initial, Result>,
  options: OptionValues<Options>,
  log: (text: string) => void,
): JobBook<Task, Result> {
  const outstanding = createOutstanding();
  const oneByOne = createSerial();
  const ended = new AbortController();
  let total: number | undefined;
  let yielded = 0;
  let exhausted = false;
  let failure: { readonly error: unknown } | undefined;
  let opened: TaskSource<Task> | undefined;

  const state = lazy(() => definition.state?.(options, { log }) as MaybePromise<State>);
  const tools = () => chain(state.get(), (shared) => ({ options, state: shared, log }));
  const initial = lazy(() =>
    chain(tools(), (given) => definition.initial?.(options, given) as MaybePromise<Initial | undefined>)
  );
  const source = lazy(() =>
    chain(tools(), (given) => {
      total = checkTotal(definition.total?.(options, given));
      const tasks = definition.tasks(options, { ...given, settled: outstanding.settled, signal: ended.signal });
      return chain(tasks, (iterable) => {
        opened = openTaskSource(iterable);
        total ??= opened.length;
        return opened;
      });
    })
  );

  const over = (): JobStatus<Task> => ({ status: outstanding.count() > 0 ? "waiting" : "finished" });
  const answer = (step: IteratorResult<Task, unknown>): JobStatus<Task> => {
    if (step.done) {
      exhausted = true;
      total = yielded;
      return over();
    }
    yielded++;
    outstanding.add();
    return { status: "unfinished", data: step.value };
  };
  // A generator that has thrown says "done" from then on; without this the job would pass for complete.
  const fail = (error: unknown): JobStatus<Task> => {
    if (ended.signal.aborted) return over();
    failure = { error };
    throw error;
  };
  const pull = (): MaybePromise<JobStatus<Task>> => {
    if (failure) throw failure.error;
    if (exhausted || ended.signal.aborted) return over();
    try {
      const status = chain(source.get(), ({ next }) => ended.signal.aborted ? over() : chain(next(), answer));
      return isPromise(status) ? status.catch(fail) : status;
    } catch (error) {
      return fail(error);
    }
  };

  return {
    initialData: () => definition.initial ? initial.get() : undefined,
    next: () => oneByOne(pull),
    collect: (node, result, task) =>
      chain(
        chain(tools(), (given) => definition.collect?.(result, task, { ...given, node })),
        outstanding.remove,
      ),
    dropped: outstanding.remove,
    lost: () => {},
    custom: () => {},
    close: () => {
      if (ended.signal.aborted) return;
      const reason = new JobError("job-closed", "The job has ended: no more tasks are wanted");
      ended.abort(reason);
      outstanding.close(reason);
      if (!exhausted && !failure) return opened?.close();
    },
    finish: (summary) => {
      if (!definition.finish || state.failed()) return;
      return chain(tools(), (given) => definition.finish?.(summary, given));
    },
    total: () => total,
  };
}
