/**
 * The main function of a worker.
 *
 * @module
 */
import { getHeapStatistics } from "node:v8";
import { spareBytes } from "../actors/remote/spare_buffers.ts";
import { jobOf } from "../job/is_job.ts";
import type { Job } from "../job/types.ts";
import { consoleSink } from "./worker_guard.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";
import { createWorkerRuntime } from "./worker_runtime.ts";

/** What of a worker's global object is used here. */
interface WorkerScope {
  readonly addEventListener: (type: string, listener: (event: ScopeEvent) => void) => void;
  readonly postMessage: (message: FromWorker, transfer: ArrayBuffer[]) => void;
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown;
}

interface ScopeEvent {
  readonly data?: unknown;
  readonly error?: unknown;
  readonly message?: string;
  readonly reason?: unknown;
  readonly preventDefault: () => void;
}

/**
 * Serves a job in this worker: to be called once, in the worker's main module, as `workerUrlFor` makes it.
 *
 * @param job What the job's module exports as its default.
 * @param source Where the module is, for messages.
 */
export function serveWorker(job: unknown, source = "the job's module"): void {
  const scope = globalThis as unknown as WorkerScope;
  const { addEventListener, postMessage, setTimeout } = scope;
  const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => postMessage(message, transfer);
  let checked: Job;
  try {
    checked = jobOf(job === undefined ? {} : { default: job }, source);
  } catch (error) {
    post({ kind: "unusable", message: (error as Error).message });
    return;
  }
  const runtime = createWorkerRuntime(checked, {
    post,
    now: () => performance.now(),
    setTimer: (delayMs, callback) => void setTimeout(callback, delayMs),
    memory: () => {
      const { used_heap_size: heapBytes, heap_size_limit: heapLimitBytes, external_memory } = getHeapStatistics();
      // Spare buffers are none of the job's doing.
      return { heapBytes, heapLimitBytes, externalBytes: external_memory - spareBytes() };
    },
  });
  consoleSink.write = runtime.log;
  addEventListener("message", (event) => runtime.receive(event.data as ToWorker));
  addEventListener("error", (event) => {
    event.preventDefault();
    runtime.uncaught(event.error ?? new Error(event.message));
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    runtime.uncaught(event.reason);
  });
  post({ kind: "ready" });
}
