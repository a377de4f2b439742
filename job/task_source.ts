/**
 * Pulling tasks, one at a time, out of whatever a job's `tasks` returned.
 *
 * @module
 */
import { JobError } from "./errors.ts";
import type { MaybePromise } from "./types.ts";

/** Any iterator, by the parts that are used. */
export interface TaskSource<Task> {
  /** The next step. Must not be called again before the step before it has come. */
  readonly next: () => MaybePromise<IteratorResult<Task, unknown>>;
  /** Ends the iteration early, so that a generator's `finally` runs. */
  readonly close: () => MaybePromise<void>;
  /** How many tasks there are, where that can be seen. */
  readonly length: number | undefined;
}

/**
 * Opens what a job's `tasks` returned.
 *
 * @throws {JobError} code `tasks-invalid`, if it cannot be iterated. A string is not taken for its letters.
 */
export function openTaskSource<Task>(tasks: Iterable<Task> | AsyncIterable<Task>): TaskSource<Task> {
  const able = tasks as Partial<Iterable<Task> & AsyncIterable<Task>> | null | undefined;
  const open = typeof tasks === "string" ? undefined : able?.[Symbol.asyncIterator] ?? able?.[Symbol.iterator];
  if (typeof open !== "function") {
    const shown = tasks === null ? "null" : typeof tasks;
    throw new JobError(
      "tasks-invalid",
      `Cannot read the job's tasks: \`tasks\` returned ${shown}, and must return something that can be iterated, ` +
        "such as an array or a generator",
    );
  }
  const iterator = (open as () => Iterator<Task, unknown> | AsyncIterator<Task, unknown>).call(tasks);
  return {
    next: () => iterator.next(),
    close: async () => {
      await iterator.return?.();
    },
    length: Array.isArray(tasks) ? tasks.length : undefined,
  };
}
