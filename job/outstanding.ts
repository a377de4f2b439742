/** Counting tasks that were given out and have not come to their end. @module */

/** A count that can be waited for. */
export interface Outstanding {
  readonly count: () => number;
  readonly add: () => void;
  readonly remove: () => void;
  /** Resolves when at most `atMost` are outstanding. */
  readonly settled: (atMost?: number) => Promise<void>;
  /** Rejects all who wait, now and later. */
  readonly close: (reason: unknown) => void;
}

/** Makes a count of 0. */
export function createOutstanding(): Outstanding {
  let count = 0;
  let closed: { readonly reason: unknown } | undefined;
  let waiting: { readonly atMost: number; readonly resolve: () => void; readonly reject: (reason: unknown) => void }[] =
    [];
  return {
    count: () => count,
    add: () => void count++,
    remove: () => {
      count--;
      if (waiting.length === 0) return;
      const due = waiting.filter(({ atMost }) => count <= atMost);
      if (due.length === 0) return;
      waiting = waiting.filter(({ atMost }) => count > atMost);
      for (const { resolve } of due) resolve();
    },
    settled: (atMost = 0) => {
      if (!Number.isInteger(atMost) || atMost < 0) {
        return Promise.reject(
          new RangeError(`Cannot wait for ${atMost} outstanding tasks: give a whole number from 0`),
        );
      }
      if (closed) return Promise.reject(closed.reason);
      if (count <= atMost) return Promise.resolve();
      return new Promise((resolve, reject) => waiting.push({ atMost, resolve, reject }));
    },
    close: (reason) => {
      closed = { reason };
      for (const { reject } of waiting.splice(0)) reject(reason);
    },
  };
}
