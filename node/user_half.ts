/**
 * The node half of the user's job, as one worker holds it.
 *
 * @module
 */
import { decodePayload } from "../actors/remote/payload.ts";
import type { TaskFailure } from "../actors/remote/protocol.ts";
import { isPromise } from "../job/maybe_promise.ts";
import type { Job, JobNode } from "../job/types.ts";
import { failureOf } from "./failure.ts";
import type { ToWorker } from "./worker_protocol.ts";
import type { WorkerVoice } from "./worker_voice.ts";

/** What the I/O thread says when the node is registered. */
export type SessionMessage = Extract<ToWorker, { kind: "session" }>;

/** The user's half after its preparation; with the failure of every task if that went wrong. */
export type UserHalf = { readonly half: JobNode } | { readonly failure: TaskFailure };

function failed(what: string, kind: "error" | "decode", error: unknown): UserHalf {
  const failure = failureOf(kind, error);
  return { failure: { ...failure, message: `${what}: ${failure.message}` } };
}

/** Makes the user's half anew and hands it the initial data. Never throws; returns a promise only if user code did. */
export function prepareHalf(job: Job, session: SessionMessage): UserHalf | Promise<UserHalf> {
  let initial: unknown;
  let options: unknown;
  try {
    options = decodePayload(session.options);
    initial = session.initial && decodePayload(session.initial);
  } catch (error) {
    return failed("the job's options or initial data cannot be read", "decode", error);
  }
  let half: JobNode;
  try {
    half = job.node(options);
  } catch (error) {
    return failed("the node's half of the job could not be made", "error", error);
  }
  const refuse = (error: unknown): UserHalf => failed("setInitialData failed", "error", error);
  try {
    const done = half.setInitialData?.(session.node, initial);
    return isPromise(done) ? Promise.resolve(done).then(() => ({ half }), refuse) : { half };
  } catch (error) {
    return refuse(error);
  }
}

/** Hands a message from the server to the user's half. What goes wrong is logged. */
export function deliverCustom(half: JobNode, payload: Uint8Array, voice: WorkerVoice): void {
  const complain = (error: unknown): void => {
    const { name, message, stack } = failureOf("error", error);
    voice.log("error", `customMessage failed: ${stack ?? `${name}: ${message}`}`);
  };
  try {
    const done = half.customMessage?.(decodePayload(payload));
    if (isPromise(done)) Promise.resolve(done).catch(complain);
  } catch (error) {
    complain(error);
  }
}
