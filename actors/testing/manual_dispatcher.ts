/**
 * A dispatcher that runs actors only when it is told to.
 *
 * @module
 */
import { batchMax, type Dispatcher, type Runnable } from "../dispatcher.ts";
import type { Random } from "../types.ts";

/** Runs actors in turn or, given a source of randomness, in an order drawn from it, one message at a time. */
export class ManualDispatcher implements Dispatcher {
  #ready: Runnable[] = [];
  #deferred: (() => void)[] = [];
  readonly #random: Random | undefined;

  constructor(random: Random | undefined) {
    this.#random = random;
  }

  get isIdle(): boolean {
    return this.#ready.length === 0 && this.#deferred.length === 0;
  }

  ready(runnable: Runnable): void {
    this.#ready.push(runnable);
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  close(): void {
    // Other systems may run on it as well, and it holds nothing.
  }

  /** Runs until no actor is ready, or that many messages are handled. @returns how many were */
  drain(messagesMax: number): number {
    let done = 0;
    while (!this.isIdle && done < messagesMax) {
      done += this.#random === undefined ? this.#drainRound() : this.#drainOne(this.#random);
      if (this.#ready.length === 0) this.#runDeferred();
    }
    return done;
  }

  #drainRound(): number {
    const round = this.#ready;
    this.#ready = [];
    let done = 0;
    for (const runnable of round) done += runnable.run(batchMax);
    return done;
  }

  #drainOne(random: Random): number {
    const ready = this.#ready;
    if (ready.length === 0) return 0;
    const index = Math.floor(random.next() * ready.length);
    const runnable = ready[index];
    const last = ready.pop()!;
    if (last !== runnable) ready[index] = last;
    return runnable.run(1);
  }

  #runDeferred(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const callback of deferred) callback();
  }
}
