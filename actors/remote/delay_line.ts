/**
 * A line on which things arrive later, in the order in which they were sent.
 *
 * @module
 */
import type { Clock } from "../types.ts";
import { createFifo } from "./fifo.ts";

/** A line in one direction. */
export interface DelayLine<T> {
  /** Sends something that arrives after `delayMs`, but not before what was sent earlier. */
  readonly send: (item: T, bytes: number, delayMs: number) => void;
  /** Resolves when less than the line's capacity is under way, or the line is cut. */
  readonly room: () => Promise<void>;
  /** Nothing arrives until {@linkcode DelayLine.resume}. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** What is under way is lost, and so is what is sent from now on. */
  readonly cut: () => void;
}

/** Options of {@linkcode createDelayLine}. */
export interface DelayLineOptions<T> {
  readonly clock: Clock;
  /** How many bytes may be under way before {@linkcode DelayLine.room} waits. */
  readonly bytesMax: number;
  /** Called with what arrives; what follows arrives after its promise has settled. */
  readonly deliver: (item: T) => Promise<void>;
}

/** An empty line. */
export function createDelayLine<T>({ clock, bytesMax, deliver }: DelayLineOptions<T>): DelayLine<T> {
  const queue = createFifo<{ item: T; bytes: number; dueMs: number }>();
  let bytes = 0;
  let lastDueMs = -Infinity;
  let state: "open" | "paused" | "cut" = "open";
  let busy = false;
  let cancel: (() => void) | undefined;
  let waiters: (() => void)[] = [];

  const wake = () => {
    const woken = waiters;
    waiters = [];
    for (const resolve of woken) resolve();
  };
  const step = () => {
    cancel?.();
    cancel = undefined;
    const next = queue.first();
    if (busy || state !== "open" || !next) return;
    const waitMs = next.dueMs - clock.now();
    if (waitMs > 0) {
      cancel = clock.setTimer(waitMs, step);
      return;
    }
    busy = true;
    queue.shift();
    deliver(next.item).then(() => {
      busy = false;
      bytes -= next.bytes;
      if (bytes < bytesMax) wake();
      step();
    });
  };
  return {
    send: (item, itemBytes, delayMs) => {
      if (state === "cut") return;
      lastDueMs = Math.max(lastDueMs, clock.now() + delayMs);
      bytes += itemBytes;
      queue.push({ item, bytes: itemBytes, dueMs: lastDueMs });
      step();
    },
    room: async () => {
      while (bytes >= bytesMax && state !== "cut") await new Promise<void>((resolve) => waiters.push(resolve));
    },
    pause: () => {
      if (state === "open") state = "paused";
    },
    resume: () => {
      if (state === "paused") state = "open";
      step();
    },
    cut: () => {
      state = "cut";
      while (queue.shift());
      wake();
    },
  };
}
