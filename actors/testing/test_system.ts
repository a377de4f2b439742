/**
 * A system for tests: nothing happens unless the test says so, time is virtual, and every run is the same.
 *
 * @module
 */
import { createRandom } from "../clock.ts";
import { createRemoteRef, createSystemOn } from "../system.ts";
import type { Clock, Logger, Observer, Random, Ref, System, Terminated } from "../types.ts";
import { endpointOf } from "../endpoint.ts";
import { ManualClock } from "./manual_clock.ts";
import { ManualDispatcher } from "./manual_dispatcher.ts";

/** The default of `TestSystemOptions.quietTicks`. */
const defaultQuietTicks = 64;
/** The default of `TestSystemOptions.messagesMax`. */
const defaultMessagesMax = 100_000_000;
/** So often does `until` let the real event loop turn when nothing but real work can settle its promise. */
const realTurnsMax = 2_000;

/** Options of {@linkcode createTestSystem}. */
export interface TestSystemOptions {
  /**
   * Draws the order in which ready actors run, one message at a time, and the system's randomness. Messages from one
   * actor to another keep their order. @default actors run in turn
   */
  readonly seed?: number;
  /** The system's name, first in every path. @default "test" */
  readonly name?: string;
  /** Where log lines go. @default nothing is logged */
  readonly logger?: Logger;
  /** Hears what happens. @default none */
  readonly observer?: Observer;
  /** How many messages one run may handle before it counts as endless. @default 100000000 */
  readonly messagesMax?: number;
  /**
   * So many continuations of promises in a row may pass without work for any actor before the system counts as idle.
   * Fewer are faster; what takes longer goes on with the next step, in every run at the same place. @default 64
   */
  readonly quietTicks?: number;
}

/** A system whose clock stands still and whose actors wait, until the test lets them go on. */
export interface TestSystem extends System {
  /** The virtual clock; starts at 0. */
  readonly clock: Clock;
  /** The seeded randomness that the actors have. */
  readonly random: Random;
  /** Runs actors and continuations of promises until none is left. Time stands still. */
  readonly runUntilIdle: () => Promise<void>;
  /** Moves the clock on by `ms` milliseconds, stops at each timer on the way, and runs until idle each time. */
  readonly advance: (ms: number) => Promise<void>;
  /**
   * Runs, and moves the clock on from timer to timer, until the promise settles.
   *
   * @throws {Error} if nothing is left that could settle it, or it would take longer than `maxMs` of virtual time
   */
  readonly until: <T>(promise: Promise<T>, options?: { readonly maxMs?: number }) => Promise<T>;
  /** Moves the clock on and runs nothing, as a process sees it that was paused. Timers fire late, in the next run. */
  readonly stall: (ms: number) => void;
  /** Makes a reference that keeps what it is told. */
  readonly probe: <M>(name?: string) => Probe<M>;
  /** Makes another system in the same order of things, such as that of another machine. */
  readonly createPeer: (options: PeerOptions) => System;
}

/** Options of {@linkcode TestSystem.createPeer}. */
export interface PeerOptions {
  /** The system's name, first in every path. */
  readonly name: string;
  /** Where its log lines go. @default where those of the test system go */
  readonly logger?: Logger;
  /** Hears what happens in it. @default none */
  readonly observer?: Observer;
  /** Its clock, such as one that stands still while the test's goes on, on the test's timers. @default shared */
  readonly clock?: Clock;
  /** Its randomness. @default shared */
  readonly random?: Random;
}

/** Stands where a test wants to see what arrives. */
export interface Probe<M> {
  /** What to tell to. */
  readonly ref: Ref<M>;
  /** What was told, oldest first. The test may take messages out. */
  readonly messages: M[];
  /** Takes the oldest message out. @throws {Error} if there is none */
  readonly take: () => M;
  /** Watches an actor; its end is added to `terminated`. */
  readonly watch: (ref: Ref<never>) => void;
  /** The ends of what was watched. */
  readonly terminated: Terminated[];
}

/**
 * Makes a system for tests.
 *
 * Continuations of promises run as part of {@linkcode TestSystem.runUntilIdle}, but real timers, sockets and files do
 * not: leave them out of what is to be repeatable.
 *
 * @example
 * ```ts
 * import { createTestSystem } from "@gristmill/gristmill/actors";
 *
 * const test = createTestSystem({ seed: 1 });
 * const probe = test.probe<string>();
 * test.spawn<never>((context) => {
 *   context.every(1_000, undefined as never);
 *   return () => void probe.ref.tell("tick");
 * });
 * await test.advance(3_500);
 * if (probe.messages.length !== 3) throw new Error(`${probe.messages.length} ticks`);
 * await test.until(test.stop());
 * ```
 */
export function createTestSystem(options: TestSystemOptions = {}): TestSystem {
  const { seed, name = "test", logger = silentLogger, observer } = options;
  const { messagesMax = defaultMessagesMax, quietTicks = defaultQuietTicks } = options;
  const clock = new ManualClock();
  const random = createRandom(seed ?? 0);
  // A generator of its own, so that what actors draw does not depend on the order in which they run, nor the reverse.
  const order = seed === undefined ? undefined : createRandom(~seed);
  const dispatcher = new ManualDispatcher(order);
  const system = createSystemOn(dispatcher, { name, clock, random, logger, observer });
  const runner = new Runner(clock, dispatcher, messagesMax, quietTicks);
  return Object.assign(system, {
    clock,
    random,
    runUntilIdle: () => runner.exclusively(() => runner.runUntilIdle()),
    advance: (ms: number) => runner.exclusively(() => runner.advance(ms)),
    until: <T>(promise: Promise<T>, { maxMs = Infinity } = {}) =>
      runner.exclusively(() => runner.until(promise, clock.now() + maxMs)),
    stall: (ms: number) => clock.moveTo(clock.now() + checkedDuration(ms)),
    probe: <M>(probeName = "probe") => createProbe<M>(system, probeName),
    createPeer: (peerOptions: PeerOptions) => createSystemOn(dispatcher, { logger, clock, random, ...peerOptions }),
  });
}

/** Moves clock and dispatcher on together. */
class Runner {
  readonly #clock: ManualClock;
  readonly #dispatcher: ManualDispatcher;
  readonly #messagesMax: number;
  readonly #quietTicks: number;
  #isBusy = false;

  constructor(clock: ManualClock, dispatcher: ManualDispatcher, messagesMax: number, quietTicks: number) {
    this.#clock = clock;
    this.#dispatcher = dispatcher;
    this.#messagesMax = messagesMax;
    this.#quietTicks = quietTicks;
  }

  /** Two runs at once would move the clock under each other's feet. */
  async exclusively<T>(run: () => Promise<T>): Promise<T> {
    if (this.#isBusy) throw new Error("Cannot run the test system: a run is under way; await it first");
    this.#isBusy = true;
    try {
      return await run();
    } finally {
      this.#isBusy = false;
    }
  }

  async runUntilIdle(): Promise<void> {
    let done = 0;
    for (let quiet = 0; quiet < this.#quietTicks; quiet++) {
      if (!this.#dispatcher.isIdle) {
        done += this.#dispatcher.drain(this.#messagesMax - done);
        if (done >= this.#messagesMax) {
          throw new Error(`Cannot run until idle: no end after ${done} messages; raise messagesMax if there is one`);
        }
        quiet = 0;
      }
      await undefined;
    }
  }

  async advance(ms: number): Promise<void> {
    const target = this.#clock.now() + checkedDuration(ms);
    await this.runUntilIdle();
    while (this.#clock.next <= target) await this.#step();
    this.#clock.moveTo(target);
  }

  async until<T>(promise: Promise<T>, limit: number): Promise<T> {
    let settled = false;
    const settle = () => void (settled = true);
    promise.then(settle, settle);
    await this.runUntilIdle();
    for (let turns = 0; !settled;) {
      const { next } = this.#clock;
      if (next < Infinity && next <= limit) await this.#step();
      else if (next < Infinity || turns++ === realTurnsMax) {
        throw new Error(`Cannot wait for the promise: at ${this.#clock.now()} ms nothing due could settle it`);
      } else {
        await new Promise((resolve) => setTimeout(resolve, 0));
        await this.runUntilIdle();
      }
    }
    return promise;
  }

  async #step(): Promise<void> {
    this.#clock.moveTo(this.#clock.next);
    this.#clock.fire();
    await this.runUntilIdle();
  }
}

function createProbe<M>(system: System, name: string): Probe<M> {
  const messages: M[] = [];
  const terminated: Terminated[] = [];
  const { ref } = createRemoteRef<M>(system, { name, tell: (message) => messages.push(message) > 0 });
  return {
    ref,
    messages,
    terminated,
    take: () => {
      if (messages.length === 0) throw new Error(`Cannot take a message: ${ref.path} has got none`);
      return messages.shift()!;
    },
    watch: (watched) => {
      const endpoint = endpointOf(watched);
      if (endpoint === undefined) {
        throw new TypeError(`Cannot watch ${watched.path}: only what a system has spawned can be`);
      }
      endpoint.watch((end) => terminated.push(end));
    },
  };
}

function checkedDuration(ms: number): number {
  if (ms >= 0 && ms < Infinity) return ms;
  throw new RangeError(`Cannot move the clock: ms is ${ms}, want a number from 0`);
}

const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
