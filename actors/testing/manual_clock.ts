/**
 * A clock that moves only when it is told to.
 *
 * @module
 */
import type { Clock } from "../types.ts";

interface Timer {
  readonly at: number;
  /** Counts up, so that timers of one moment fire in the order in which they were set. */
  readonly serial: number;
  /** `undefined` once it is cancelled or has fired. */
  callback: (() => void) | undefined;
}

/** Rebuilding the heap without its cancelled timers is worth while beyond so many of them. */
const deadMin = 1_024;

/** A clock and the means to move it. Timers wait in a binary heap. */
export class ManualClock implements Clock {
  #now = 0;
  #serial = 0;
  #heap: Timer[] = [];
  /** How many timers in the heap are cancelled. */
  #dead = 0;

  readonly now = (): number => this.#now;

  readonly setTimer = (delayMs: number, callback: () => void): () => void => {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), serial: this.#serial++, callback };
    this.#heap.push(timer);
    this.#siftUp(this.#heap.length - 1);
    return () => {
      if (timer.callback === undefined) return;
      timer.callback = undefined;
      if (++this.#dead > deadMin && this.#dead * 2 > this.#heap.length) this.#rebuild();
    };
  };

  /** When the next timer is due; `Infinity` if there is none. */
  get next(): number {
    while (this.#heap.length > 0 && this.#heap[0].callback === undefined) {
      this.#pop();
      this.#dead--;
    }
    return this.#heap.length > 0 ? this.#heap[0].at : Infinity;
  }

  /** Moves on to a moment, without calling any timer back. */
  moveTo(moment: number): void {
    this.#now = Math.max(this.#now, moment);
  }

  /** Calls back the timers that are due, but not those that are set meanwhile. */
  fire(): void {
    const limit = this.#serial;
    const later: Timer[] = [];
    while (this.next <= this.#now) {
      const timer = this.#pop();
      if (timer.serial >= limit) {
        later.push(timer);
        continue;
      }
      const callback = timer.callback!;
      timer.callback = undefined;
      callback();
    }
    for (const timer of later) {
      this.#heap.push(timer);
      this.#siftUp(this.#heap.length - 1);
    }
  }

  #rebuild(): void {
    this.#heap = this.#heap.filter((timer) => timer.callback !== undefined).sort((a, b) => isBefore(a, b) ? -1 : 1);
    this.#dead = 0;
  }

  #siftUp(index: number): void {
    const heap = this.#heap;
    const timer = heap[index];
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!isBefore(timer, heap[above])) break;
      heap[index] = heap[above];
      index = above;
    }
    heap[index] = timer;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const top = heap[0];
    const timer = heap.pop()!;
    if (heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1], heap[below])) below++;
      if (!isBefore(heap[below], timer)) break;
      heap[index] = heap[below];
      index = below;
    }
    heap[index] = timer;
    return top;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.serial < b.serial);
}
