/**
 * Results that the server has not said to be safe. Pure data.
 *
 * @module
 */
import type { Attempt, ResultEntry } from "../actors/remote/protocol.ts";
import { recycle } from "../actors/remote/spare_buffers.ts";

/** Results by attempt; see {@linkcode createRetained}. */
export interface Retained {
  /** Keeps results; one of the same attempt that is kept already is replaced. */
  readonly add: (results: readonly ResultEntry[]) => void;
  /** Forgets the results of these attempts, and takes back their buffers; those that are not kept do not matter. */
  readonly forget: (attempts: readonly Attempt[]) => void;
  readonly clear: () => void;
  readonly count: () => number;
  /** All that is kept, tasks in the order in which they came. */
  readonly all: () => ResultEntry[];
}

/**
 * Makes an empty store. What it holds is bounded by what the server gives out before it acknowledges.
 *
 * @example
 * ```ts
 * import { createRetained } from "./retained.ts";
 *
 * const retained = createRetained();
 * retained.add([{ task: 7, attempt: 1, status: "ok", elapsedMs: 3, payload: new Uint8Array(1) }]);
 * retained.forget([{ task: 7, attempt: 1 }]);
 * retained.count(); // 0
 * ```
 */
export function createRetained(): Retained {
  /** Nearly always there is one attempt at a task. */
  const byTask = new Map<number, ResultEntry[]>();
  let count = 0;

  const remove = ({ task, attempt }: Attempt): ResultEntry | undefined => {
    const results = byTask.get(task);
    const at = results?.findIndex((each) => each.attempt === attempt) ?? -1;
    if (results === undefined || at < 0) return undefined;
    count--;
    if (results.length > 1) return results.splice(at, 1)[0];
    byTask.delete(task);
    return results[0];
  };
  return {
    add: (added) => {
      for (const result of added) {
        remove(result);
        const results = byTask.get(result.task);
        if (results) results.push(result);
        else byTask.set(result.task, [result]);
        count++;
      }
    },
    forget: (attempts) => {
      for (const attempt of attempts) {
        const result = remove(attempt);
        if (result) recycle(result.payload);
      }
    },
    clear: () => {
      byTask.clear();
      count = 0;
    },
    count: () => count,
    all: () => [...byTask.values()].flat(),
  };
}
