/**
 * Values that may come later, without a turn of the event loop for those that are here already: a job that answers at
 * once is asked a hundred thousand times a second.
 *
 * @module
 */
import type { MaybePromise } from "./types.ts";

/** Whether a value has to be waited for. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Calls `next` with the value: now if it is here, else when it comes. */
export function chain<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** A value that is made when it is first asked for, once. An error is remembered as well. */
export interface Lazy<T> {
  readonly get: () => MaybePromise<T>;
  /** Whether making it was tried, and failed. */
  readonly failed: () => boolean;
}

/** Makes a {@linkcode Lazy} value. */
export function lazy<T>(make: () => MaybePromise<T>): Lazy<T> {
  let made: { readonly value: MaybePromise<T> } | undefined;
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): never => {
    failure = { error };
    throw error;
  };
  const start = (): MaybePromise<T> => {
    try {
      const value = make();
      return isPromise(value) ? value.catch(fail) : value;
    } catch (error) {
      return fail(error);
    }
  };
  return {
    get: () => {
      if (failure) throw failure.error;
      return (made ??= { value: start() }).value;
    },
    failed: () => failure !== undefined,
  };
}

/** Runs calls one after the other: each starts when the one before it has settled, at once if there is none. */
export function createSerial(): <T>(call: () => MaybePromise<T>) => MaybePromise<T> {
  let last: Promise<void> | undefined;
  const settle = (promise: Promise<unknown>) => {
    const mine: Promise<void> = promise.then(() => {}, () => {}).then(() => {
      if (last === mine) last = undefined;
    });
    last = mine;
  };
  return (call) => {
    const result = last ? last.then(call) : call();
    if (isPromise(result)) settle(result);
    return result;
  };
}
