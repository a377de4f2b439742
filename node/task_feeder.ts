/**
 * Stands in for a worker that shares no memory with this process: it takes the tasks of a slot as a worker would, and
 * passes them on one at a time. So what waits stays in this process, and can be revoked at any moment.
 *
 * @module
 */
import { isLargeAlone } from "../actors/remote/spare_buffers.ts";
import { type BatchReader, openBatch, openOne, packTasks } from "./batch.ts";
import { advance, allow, claim, type Claims, createClaims } from "./claims.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";

/** To a worker that has no shared memory. */
export type ToRemoteWorker = Exclude<ToWorker, { kind: "start" }> | { readonly kind: "start" };

/** From such a worker. */
export type FromRemoteWorker =
  | FromWorker
  /** It has ended, or cannot be loaded, by this error. */
  | { readonly kind: "lost"; readonly message: string };

/** See {@linkcode createTaskFeeder}. */
export interface TaskFeeder {
  /** To be called with what the slot posts. */
  readonly post: (message: ToWorker) => void;
  /** To be called with what the worker says. */
  readonly receive: (message: FromWorker) => void;
}

/**
 * Makes the stand-in of one worker.
 *
 * @param send Sends to the worker
 * @param onMessage Hears what the slot would hear of a worker
 */
export function createTaskFeeder(
  send: (message: ToRemoteWorker) => void,
  onMessage: (message: FromWorker) => void,
): TaskFeeder {
  let claims: Claims = createClaims();
  let readers: BatchReader[] = [];
  let begun = 0;
  let epoch = 0;
  let isBusy = false;

  const give = (task: number, attempt: number, payload: Uint8Array): void => {
    if (isLargeAlone(payload)) return send({ kind: "large-task", epoch: 0, task, attempt, payload });
    const batch = packTasks([{ task, attempt, timeoutMs: 0, payload }]);
    send({ kind: "tasks", epoch: 0, count: 1, batch });
  };
  const forgetRevoked = (): void => {
    allow(claims);
    epoch++;
    readers = [];
    onMessage({ kind: "revoked" });
  };
  const pump = (): void => {
    while (!isBusy && readers.length > 0) {
      const [reader] = readers;
      if (reader.read() === reader.count) {
        readers.shift();
      } else if (claim(claims, begun)) {
        begun = advance(begun, 1);
        isBusy = true;
        reader.next(give);
      } else {
        forgetRevoked();
      }
    }
  };
  return {
    post: (message) => {
      if (message.kind === "start") {
        claims = new Int32Array(message.claims);
        send({ kind: "start" });
      } else if (message.kind !== "tasks" && message.kind !== "large-task") {
        send(message);
      } else if (message.epoch === epoch) {
        readers.push(message.kind === "tasks" ? openBatch(message.batch, message.count) : openOne(message));
        pump();
      }
    },
    receive: (message) => {
      onMessage(message);
      if (message.kind !== "results" && message.kind !== "large-result") return;
      isBusy = false;
      pump();
    },
  };
}
