/**
 * What user code in a worker says beside its results: lines, progress, and messages to the server's half of the job.
 *
 * @module
 */
import { encodePayload } from "../actors/remote/payload.ts";
import type { LogLevel } from "../actors/types.ts";
import { createLineLimit, cutLine, linesPerSecondMax, lineWindowMs } from "./line_limit.ts";
import type { WorkerEnvironment } from "./worker_runtime.ts";

/** A task tells its progress no more often than this, in milliseconds. */
const progressMs = 1000;
/** The progress of different tasks is told no more often than this, in milliseconds. */
const otherProgressMs = 50;

/** See {@linkcode createWorkerVoice}. */
export interface WorkerVoice {
  readonly log: (level: LogLevel, text: string, task?: number, attempt?: number) => void;
  readonly progress: (task: number, attempt: number, fraction: number) => void;
  /** @throws {PayloadError} if the message cannot travel. */
  readonly send: (message: unknown) => void;
}

/** Makes the voice of one worker, within its limits. */
export function createWorkerVoice({ post, now, setTimer }: WorkerEnvironment): WorkerVoice {
  const limit = createLineLimit();
  let timerSet = false;
  let progressTask = -1;
  let progressAtMs = -Infinity;

  const tellSuppressed = (): void => {
    const count = limit.takeSuppressed();
    if (count === 0) return;
    const text = `suppressed ${count} lines: a worker may write ${linesPerSecondMax} lines a second`;
    post({ kind: "log", level: "warn", text });
  };
  return {
    log: (level, text, task, attempt) => {
      if (limit.admit(now())) {
        tellSuppressed();
        const tags = task === undefined ? {} : { task, attempt };
        post({ kind: "log", level, text: cutLine(String(text)), ...tags });
      } else if (!timerSet) {
        timerSet = true;
        setTimer(lineWindowMs, () => {
          timerSet = false;
          tellSuppressed();
        });
      }
    },
    progress: (task, attempt, fraction) => {
      const nowMs = now();
      const pauseMs = task === progressTask ? progressMs : otherProgressMs;
      if (nowMs - progressAtMs < pauseMs || !(fraction >= 0)) return;
      progressTask = task;
      progressAtMs = nowMs;
      post({ kind: "progress", task, attempt, fraction: Math.min(1, fraction) });
    },
    send: (message) => {
      const payload = encodePayload(message, "message");
      post({ kind: "custom", payload }, [payload.buffer]);
    },
  };
}
