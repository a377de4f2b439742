/**
 * Gives actors their turns, and the event loop its own.
 *
 * @module
 */
import { systemClock } from "./clock.ts";

/** How many messages one actor handles before the next one has its turn. */
export const batchMax = 64;
/** How long actors run before timers and sockets are served, in milliseconds: so long a socket waits at most. */
const sliceMs = 1.5;
/**
 * So long before the end of a slice the timer that ends the pause is set. It fires a millisecond and a little later, so
 * sockets have about a fifth of one to themselves: enough for a dozen round trips. With a pause of nothing but one
 * turn of the event loop each of them would wait for a slice.
 */
const pauseSetMs = 0.85;

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
  /** Lets go of the timer. Nothing is made ready afterwards. */
  close(): void;
}

/**
 * The dispatcher of real systems: the run queue is drained in microtasks, for a slice of time at most; then it yields
 * by a zero timer. Neither microtasks nor `setImmediate` would do: both keep sockets waiting beside a saturated loop.
 *
 * A slice may span many microtasks, and nothing tells whether the event loop has turned between two of them. So a zero
 * timer goes with each slice: while it has not fired, the loop has not turned.
 */
export class LoopDispatcher implements Dispatcher {
  #first: Runnable | undefined;
  #last: Runnable | undefined;
  /** Whether a drain is under way or will come. */
  #armed = false;
  /** Whether that drain will come with the timer, since the slice is over. */
  #yielded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #deferred: (() => void)[] = [];
  #isClosed = false;
  #sliceEnd = -Infinity;
  /** When the timer is set anew, for the pause; `Infinity` once it is. */
  #pauseSet = Infinity;
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
    this.#setTimer();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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
    if (now >= this.#sliceEnd) {
      if (this.#timer !== undefined) return true;
      this.#beginSlice(now);
    } else if (now >= this.#pauseSet && this.#timer !== undefined) {
      this.#pauseSet = Infinity;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#setTimer();
    }
    return false;
  }

  #beginSlice(now: number): void {
    this.#sliceEnd = now + sliceMs;
    this.#pauseSet = this.#sliceEnd - pauseSetMs;
    this.#setTimer();
  }

  #setTimer(): void {
    if (!this.#isClosed) this.#timer ??= setTimeout(this.#turn, 0);
  }

  #turn = (): void => {
    this.#timer = undefined;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const callback of deferred) callback();
    if (!this.#yielded) return;
    this.#yielded = false;
    this.#lastLook = systemClock.now();
    this.#beginSlice(this.#lastLook);
    // Not at once: a timer that is set while timers fire is due a millisecond after the last of them has returned,
    // which would leave the processor idle for a third of the time.
    queueMicrotask(this.#drain);
  };
}
