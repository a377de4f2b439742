/** Workers that run a job in this process, on the clock that they are given. */
import type { Clock } from "../../actors/types.ts";
import type { Job, JobNode } from "../../job/types.ts";
import type { SpawnWorker, WorkerEvents } from "../../node/worker_protocol.ts";
import { createWorkerRuntime } from "../../node/worker_runtime.ts";

/** One such worker, for a test that wants to do it harm. */
export interface FakeWorker {
  /** User code throws where nothing catches it. */
  readonly throwOutside: (error: unknown) => void;
  /** The runtime ends the worker by an error. */
  readonly fail: (message: string) => void;
  readonly isTerminated: () => boolean;
}

/** A source of fake workers. */
export interface FakeWorkers {
  readonly spawn: SpawnWorker;
  /** All that were started, oldest first. */
  readonly started: FakeWorker[];
}

/** What the fake workers do beside running the job. */
export interface FakeWorkerOptions {
  /** Have the loading of the module fail with this message. */
  readonly loadError?: string;
  /** Have the module never come to its end. */
  readonly neverLoads?: boolean;
}

/** Messages are cloned and their buffers transferred, as between real workers; they arrive in a turn of their own. */
export function fakeWorkers(job: Job, clock: Clock, options: FakeWorkerOptions = {}): FakeWorkers {
  const started: FakeWorker[] = [];
  const spawn: SpawnWorker = ({ onMessage, onError }: WorkerEvents) => {
    let terminated = false;
    const later = (delayMs: number, call: () => void): void =>
      void clock.setTimer(delayMs, () => terminated ? undefined : call());
    const runtime = createWorkerRuntime(job, {
      post: (message, transfer = []) => {
        if (terminated) return;
        const copy = structuredClone(message, { transfer });
        later(0, () => onMessage(copy));
      },
      now: clock.now,
      setTimer: later,
    });
    if (options.loadError !== undefined) later(0, () => onError(options.loadError!));
    else if (!options.neverLoads) later(0, () => onMessage({ kind: "ready" }));
    started.push({ throwOutside: runtime.uncaught, fail: onError, isTerminated: () => terminated });
    return {
      post: (message, transfer = []) => {
        const copy = structuredClone(message, { transfer });
        later(0, () => runtime.receive(copy));
      },
      terminate: () => void (terminated = true),
    };
  };
  return { spawn, started };
}

/** A job with this node half; the server's half is not for use. */
export function jobOfNode(node: (options: Record<string, unknown>) => JobNode): Job {
  const unused = (): never => {
    throw new Error("the server's half is not for use here");
  };
  return { gristmill: "job/1", name: "test", options: {}, limits: {}, pinned: false, replicas: 1, book: unused, node };
}

/** Resolves after `ms` of the clock's time, or when aborted. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(ms, resolve);
    signal?.addEventListener("abort", () => {
      cancel();
      resolve();
    }, { once: true });
  });
}
