/**
 * What an actor can do, for one life of it.
 *
 * @module
 */
import type { Cell } from "./cell.ts";
import { endpointOf } from "./endpoint.ts";
import { Own } from "./own.ts";
import type { Behavior, Clock, Context, Logger, Ref, SpawnOptions, Terminated } from "./types.ts";

const nothing = () => {};

/** Makes the context of the cell's present life. In a later one it does nothing any more. */
export function createContext(cell: Cell): Context<unknown> {
  const { clock, random } = cell.core;
  const { life } = cell;
  const isOver = () => cell.life !== life;
  let aborter: AbortController | undefined;
  let log: Logger | undefined;
  return {
    self: cell.ref,
    clock,
    random,
    // Both are made when they are wanted, for most actors want neither.
    get signal() {
      if (aborter === undefined) {
        const made = aborter = new AbortController();
        if (isOver()) made.abort();
        else cell.cleanups.add(() => made.abort());
      }
      return aborter.signal;
    },
    get log() {
      return log ??= tagged(cell.core.logger, cell.path);
    },
    spawn: <N>(behavior: Behavior<N>, options?: SpawnOptions) => {
      if (isOver()) throw new Error(`Cannot spawn a child of ${cell.path}: it has stopped or restarted meanwhile`);
      return cell.children.spawn(behavior, options);
    },
    stop: (child) => cell.children.stop(child),
    watch: (ref, message) => isOver() ? nothing : watch(cell, ref, message),
    after: (delayMs, message) => {
      checkDelay("after", "delayMs", delayMs, delayMs >= 0);
      return isOver() ? nothing : after(cell, clock, delayMs, message);
    },
    every: (periodMs, message) => {
      checkDelay("every", "periodMs", periodMs, periodMs > 0);
      return isOver() ? nothing : every(cell, clock, periodMs, message);
    },
    pipe: <T>(promise: Promise<T>, onResult: (value: T) => unknown, onError: (error: unknown) => unknown) => {
      promise.then(
        (value) => cell.tellOwn(new Own(life, value, onResult as (value: unknown) => unknown)),
        (error) => cell.tellOwn(new Own(life, error, onError)),
      );
    },
  };
}

function checkDelay(what: string, option: string, value: number, isGood: boolean): void {
  if (isGood && value < Infinity) return;
  const wanted = what === "every" ? "a number above 0" : "a number from 0";
  throw new RangeError(`Cannot set a timer with ${what}: ${option} is ${value}, want ${wanted}`);
}

function watch(cell: Cell, ref: Ref<never>, message: (terminated: Terminated) => unknown): () => void {
  const endpoint = endpointOf(ref);
  if (endpoint === undefined) throw new TypeError(`Cannot watch ${ref.path}: only what a system has spawned can be`);
  let own: Own | undefined;
  let unwatch = nothing;
  const { life } = cell;
  unwatch = endpoint.watch((terminated) => {
    cell.cleanups.delete(unwatch);
    own = new Own(life, terminated, message as (terminated: unknown) => unknown);
    cell.tellOwn(own);
  });
  if (own === undefined) cell.cleanups.add(unwatch);
  return () => {
    unwatch();
    cell.cleanups.delete(unwatch);
    if (own !== undefined) own.cancelled = true;
  };
}

function after(cell: Cell, clock: Clock, delayMs: number, message: unknown): () => void {
  const own = new Own(cell.life, message);
  const cancelTimer = clock.setTimer(delayMs, () => {
    cell.cleanups.delete(cancelTimer);
    cell.tellOwn(own);
  });
  cell.cleanups.add(cancelTimer);
  return () => {
    cancelTimer();
    cell.cleanups.delete(cancelTimer);
    own.cancelled = true;
  };
}

function every(cell: Cell, clock: Clock, periodMs: number, message: unknown): () => void {
  const own = new Own(cell.life, message);
  let due = clock.now() + periodMs;
  let cancelTimer: () => void;
  const tick = () => {
    cell.tellOwn(own);
    const now = clock.now();
    // The beat is kept, but ticks that a stall has swallowed are not made up for.
    due = due + periodMs > now ? due + periodMs : now + periodMs;
    cancelTimer = clock.setTimer(due - now, tick);
  };
  cancelTimer = clock.setTimer(periodMs, tick);
  const cancel = () => cancelTimer();
  cell.cleanups.add(cancel);
  return () => {
    cancel();
    cell.cleanups.delete(cancel);
    own.cancelled = true;
  };
}

function tagged(logger: Logger, actor: string): Logger {
  return {
    debug: (text, fields) => logger.debug(text, { actor, ...fields }),
    info: (text, fields) => logger.info(text, { actor, ...fields }),
    warn: (text, fields) => logger.warn(text, { actor, ...fields }),
    error: (text, fields) => logger.error(text, { actor, ...fields }),
  };
}
