/**
 * Computes one task after the other with the user's half of the job.
 *
 * @module
 */
import { encodeFailure } from "../actors/remote/failure.ts";
import { decodePayload, encodePayload } from "../actors/remote/payload.ts";
import type { NodeId, TaskFailure } from "../actors/remote/protocol.ts";
import { createSlab } from "../actors/remote/slab.ts";
import { isPromise } from "../job/maybe_promise.ts";
import type { TaskContext } from "../job/types.ts";
import { failureOf } from "./failure.ts";
import type { UserHalf } from "./user_half.ts";
import type { WorkerVoice } from "./worker_voice.ts";

/** The attempt that runs. */
export interface Running {
  readonly task: number;
  readonly attempt: number;
  readonly controller: AbortController;
}

/** See {@linkcode createTaskComputer}. */
export interface TaskComputer {
  /** Computes a task. @returns a promise only if user code gave one; it never rejects. */
  readonly compute: (user: UserHalf, node: NodeId, task: number, attempt: number, payload: Uint8Array) =>
    | Promise<void>
    | undefined;
  readonly running: () => Running | undefined;
}

/**
 * Makes a computer. Whatever user code does, each task ends with one call of `done`, with the encoded result or the
 * encoded failure.
 */
export function createTaskComputer(
  voice: WorkerVoice,
  done: (payload: Uint8Array, failed: boolean) => void,
): TaskComputer {
  let running: Running | undefined;
  const allocate = createSlab();

  const fail = (failure: TaskFailure): undefined => {
    running = undefined;
    done(encodeFailure(failure), true);
  };
  const failByError = (error: unknown): undefined => fail(failureOf("error", error));
  const succeed = (value: unknown): undefined => {
    let payload: Uint8Array;
    try {
      payload = encodePayload(value, "result", allocate);
    } catch (error) {
      return fail(failureOf("encode", error));
    }
    running = undefined;
    done(payload, false);
  };
  const contextFor = (node: NodeId, { task, attempt, controller }: Running): TaskContext => ({
    node,
    task,
    attempt,
    signal: controller.signal,
    log: (text) => voice.log("info", text, task, attempt),
    progress: (fraction) => voice.progress(task, attempt, fraction),
    send: voice.send,
  });

  return {
    running: () => running,
    compute: (user, node, task, attempt, payload) => {
      if ("failure" in user) return fail(user.failure);
      let data: unknown;
      try {
        data = decodePayload(payload);
      } catch (error) {
        return fail(failureOf("decode", error));
      }
      running = { task, attempt, controller: new AbortController() };
      let value: unknown;
      try {
        value = user.half.processDataFromServer(data, contextFor(node, running));
        if (isPromise(value)) return Promise.resolve(value).then(succeed, failByError);
      } catch (error) {
        return failByError(error);
      }
      return succeed(value);
    },
  };
}
