/**
 * Gives actors their turns, and the event loop its own.
 *
 * @module
 */
import { systemClock } from "./clock.ts";

/** How many messages one actor handles before the next one has its turn. */
export const batchMax = 64;
/** How long actors run before timers and sockets are served, in milliseconds: so long a socket waits at most. */
const sliceMs = 0.8;
/**
 * How long the event loop turns for these then. One turn would not do: an echo takes two or three, and each of them
 * would wait for a slice. A timer would not end the pause: none is finer than a millisecond.
 */
const pauseMs = 0.2;
/**
 * How many turns a pause has at least. While there are immediates the runtime looks at sockets with every 61st turn
 * only (tokio's `event_interval`), so that these are two looks, even where a turn takes longer than a microsecond.
 */
const pauseTurns = 2 * 61;

/** What can have a turn: an actor's cell. It is in the run queue at most once. */
export interface Runnable {
  /** The one behind it in the run queue. */
  nextReady: Runnable | undefined;
  /** Handles at most `budget` messages. @returns how many turns of the budget it took, at least 1 */
  run(budget: number): number;
}

/** Decides when who runs. */
export interface Dispatcher {
  /** Puts an actor with work at the end of the run queue. */
  ready(runnable: Runnable): void;
  /** Calls back after the event loop has turned. */
  defer(callback: () => void): void;
  /** Lets go of the event loop. Nothing is made ready afterwards. */
  close(): void;
}

/**
 * The dispatcher of real systems: the run queue is drained in microtasks, for a slice of time at most; then the event
 * loop turns, immediate by immediate, for a pause.
 *
 * A slice may span many microtasks, and nothing tells whether the event loop has turned between two of them. So an
 * immediate goes with each slice: once it has run, the loop has turned, sockets were served, and there is no reason to
 * pause. Where little is to be done that is always so, and nothing waits.
 */
export class LoopDispatcher implements Dispatcher {
  #first: Runnable | undefined;
  #last: Runnable | undefined;
  /** Whether a drain is under way or will come. */
  #armed = false;
  /** Whether that drain will come at the end of the pause. */
  #yielded = false;
  #deferred: (() => void)[] = [];
  #isClosed = false;
  #sliceEnd = -Infinity;
  /** Whether the event loop has turned since the slice began. */
  #hasTurned = true;
  /** When the pause is over, if it has had its turns. */
  #pauseEnd = 0;
  /** How many turns are left of it at least. */
  #turnsLeft = 0;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #lastLook = 0;
  /** The clock is looked at after so many messages: fewer the longer they take. */
  #lookEvery = 1;
  #sinceLook = 0;

  ready(runnable: Runnable): void {
    if (this.#first === undefined) this.#first = runnable;
    else this.#last!.nextReady = runnable;
    this.#last = runnable;
    if (!this.#armed) {
      this.#armed = true;
      queueMicrotask(this.#drain);
    }
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
    this.#awaitTurn();
  }

  close(): void {
    clearImmediate(this.#immediate);
    this.#deferred = [];
    this.#isClosed = true;
  }

  #drain = (): void => {
    try {
      while (this.#first !== undefined && !this.#yielded) {
        const runnable = this.#first;
        this.#first = runnable.nextReady;
        runnable.nextReady = undefined;
        this.#sinceLook += runnable.run(this.#lookEvery);
        if (this.#sinceLook >= this.#lookEvery) this.#yielded = this.#isSliceOver();
      }
    } finally {
      // Only a broken logger or a bug throws here. The other actors go on all the same.
      this.#armed = this.#first !== undefined || this.#yielded;
      if (this.#armed && !this.#yielded) queueMicrotask(this.#drain);
    }
  };

  #isSliceOver(): boolean {
    const now = systemClock.now();
    const elapsed = now - this.#lastLook;
    this.#lastLook = now;
    this.#sinceLook = 0;
    if (elapsed > sliceMs) this.#lookEvery = 1;
    else if (elapsed > sliceMs / 4) this.#lookEvery = Math.max(1, this.#lookEvery >> 1);
    else if (elapsed < sliceMs / 16) this.#lookEvery = Math.min(batchMax, this.#lookEvery << 1);
    if (now < this.#sliceEnd) return false;
    if (this.#hasTurned) {
      this.#beginSlice(now);
      return false;
    }
    this.#pauseEnd = now + pauseMs;
    this.#turnsLeft = pauseTurns;
    return true;
  }

  #beginSlice(now: number): void {
    this.#sliceEnd = now + sliceMs;
    this.#hasTurned = false;
    this.#awaitTurn();
  }

  #awaitTurn(): void {
    if (!this.#isClosed) this.#immediate ??= setImmediate(this.#turned);
  }

  #turned = (): void => {
    this.#immediate = undefined;
    this.#hasTurned = true;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const callback of deferred) callback();
    if (!this.#yielded) return;
    const now = systemClock.now();
    if (--this.#turnsLeft > 0 || now < this.#pauseEnd) return this.#awaitTurn();
    this.#yielded = false;
    this.#lastLook = now;
    this.#beginSlice(now);
    this.#drain();
  };
}
