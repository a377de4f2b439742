/**
 * Writes calls in the order in which they were made, though what came of some is known later. Pure data.
 *
 * @module
 */

/** See {@linkcode createCallOrder}. */
export interface CallOrder<Call> {
  /** A call that was made now. */
  readonly add: (call: Call) => void;
  /** A call was made now; what came of it is said later, once: a call to write, or nothing. */
  readonly place: () => (call?: Call) => void;
  /** Whether everything is written. */
  readonly isEmpty: () => boolean;
}

/**
 * Makes an order that passes calls to `write`: at once while nothing is awaited.
 *
 * @example
 * ```ts
 * const order = createCallOrder<string>(console.log);
 * const settle = order.place();
 * order.add("second"); // waits
 * settle("first"); // writes "first" and "second"
 * ```
 */
export function createCallOrder<Call>(write: (call: Call) => void): CallOrder<Call> {
  const waiting: { call?: Call; isKnown: boolean }[] = [];
  const flush = () => {
    while (waiting.length > 0 && waiting[0].isKnown) {
      const { call } = waiting.shift()!;
      if (call !== undefined) write(call);
    }
  };
  return {
    add: (call) => {
      if (waiting.length === 0) write(call);
      else waiting.push({ call, isKnown: true });
    },
    place: () => {
      const entry: { call?: Call; isKnown: boolean } = { isKnown: false };
      waiting.push(entry);
      return (call) => {
        entry.call = call;
        entry.isKnown = true;
        flush();
      };
    },
    isEmpty: () => waiting.length === 0,
  };
}
