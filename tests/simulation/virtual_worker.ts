/** Workers on the clock of a simulated machine. What passes between them and their node is not copied, for speed. */
import type { Clock } from "../../actors/types.ts";
import type { Job } from "../../job/types.ts";
import type { SpawnWorker } from "../../node/worker_protocol.ts";
import { createWorkerRuntime } from "../../node/worker_runtime.ts";

/** Who counts the workers. */
export interface WorkerCount {
  /** How many have been started and not ended. */
  workers: number;
}

/** Makes a source of workers that run a job's node half; it may throw where nothing catches, by what it is given. */
export function virtualWorkers(
  jobFor: (uncaught: (error: unknown) => void) => Job,
  clock: Clock,
  count: WorkerCount = { workers: 0 },
): SpawnWorker {
  return ({ onMessage }) => {
    let isTerminated = false;
    count.workers++;
    const later = (delayMs: number, call: () => void): void =>
      void clock.setTimer(delayMs, () => isTerminated ? undefined : call());
    const runtime = createWorkerRuntime(jobFor((error) => isTerminated ? undefined : runtime.uncaught(error)), {
      post: (message) => later(0, () => onMessage(message)),
      now: clock.now,
      setTimer: later,
    });
    later(0, () => onMessage({ kind: "ready" }));
    return {
      post: (message) => later(0, () => runtime.receive(message)),
      terminate: () => {
        if (!isTerminated) count.workers--;
        isTerminated = true;
      },
    };
  };
}
