/**
 * Runs a job's tasks inside a worker. It knows its surroundings only through {@linkcode WorkerEnvironment}, so that it
 * also runs in a simulation.
 *
 * Tasks run one after the other. As long as user code answers at once, a batch is one plain loop; only a promise makes
 * the loop wait. Results leave when no task is left, and else every 2 ms.
 *
 * @module
 */
import type { NodeId } from "../actors/remote/protocol.ts";
import { keepSpare } from "../actors/remote/spare_buffers.ts";
import type { LogLevel } from "../actors/types.ts";
import { isPromise } from "../job/maybe_promise.ts";
import type { Job } from "../job/types.ts";
import { type BatchReader, openBatch, openOne } from "./batch.ts";
import { advance, allow, announced, claim, type Claims, createClaims } from "./claims.ts";
import { failureOf } from "./failure.ts";
import { createMemoryWatch, memoryLookMs, type MemoryReading } from "./memory_watch.ts";
import { createResultWriter, type ResultWriter } from "./result_writer.ts";
import { createTaskComputer, type TaskComputer } from "./task_computer.ts";
import { deliverCustom, prepareHalf, type SessionMessage, type UserHalf } from "./user_half.ts";
import type { FromWorker, ToWorker } from "./worker_protocol.ts";
import { createWorkerVoice, type WorkerVoice } from "./worker_voice.ts";

/** Results wait no longer than this while the worker computes on, in milliseconds. */
const flushMs = 2;

/** What a worker has around it. */
export interface WorkerEnvironment {
  /** Sends to the I/O thread. */
  readonly post: (message: FromWorker, transfer?: ArrayBuffer[]) => void;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
  /** Calls back after `delayMs`; with 0 after messages that have arrived were received. */
  readonly setTimer: (delayMs: number, callback: () => void) => void;
  /** How much memory the worker has. @default it is not watched */
  readonly memory?: () => MemoryReading;
}

/** A worker's inside. */
export interface WorkerRuntime {
  /** To be called with each message from the I/O thread, in order. */
  readonly receive: (message: ToWorker) => void;
  /** To be called with an error that nothing caught. */
  readonly uncaught: (error: unknown) => void;
  /** Writes a line into the server's log, tagged with the running task. */
  readonly log: (level: LogLevel, text: string) => void;
}

type Tasks = Extract<ToWorker, { kind: "tasks" | "large-task" }>;
type Custom = Extract<ToWorker, { kind: "custom" }>;
type Item = SessionMessage | Tasks | Custom;

interface Inside {
  readonly job: Job;
  readonly environment: WorkerEnvironment;
  readonly voice: WorkerVoice;
  readonly writer: ResultWriter;
  readonly computer: TaskComputer;
  /** What waits for its turn. */
  readonly inbox: Item[];
  claims: Claims;
  /** Tells when the worker has too much memory. */
  excess: (nowMs: number) => Error | undefined;
  isLookSet: boolean;
  user: UserHalf | undefined;
  node: NodeId;
  /** The batch that is being computed. */
  reader: BatchReader | undefined;
  /** Begins the next task of the batch; one function for all tasks. */
  readonly begin: (task: number, attempt: number, payload: Uint8Array) => void;
  /** Set when the task that `begin` began goes on. */
  pending: Promise<void> | undefined;
  /** The number of the last task that was begun. */
  begun: number;
  /** How often tasks were revoked. */
  epoch: number;
  /** How many urgent messages were received, modulo 2^32. */
  urgentReceived: number;
  /** Whether the loop runs, or waits to go on. */
  isActive: boolean;
  /** Whether nothing more may be done, after an error that nothing caught. */
  isEnded: boolean;
  isFlushSet: boolean;
  /** When the last task ended, or the loop began. */
  markMs: number;
  flushedMs: number;
}

/** Makes the inside of a worker for one job. It waits for `start`. */
export function createWorkerRuntime(job: Job, environment: WorkerEnvironment): WorkerRuntime {
  const voice = createWorkerVoice(environment);
  const inside: Inside = {
    job,
    environment,
    voice,
    writer: createResultWriter(environment.post),
    computer: createTaskComputer(voice, (payload, failed) => addResult(inside, payload, failed)),
    inbox: [],
    claims: createClaims(),
    excess: () => undefined,
    isLookSet: false,
    user: undefined,
    node: "",
    reader: undefined,
    begin: (task, attempt, payload) => {
      inside.pending = inside.computer.compute(inside.user!, inside.node, task, attempt, payload);
    },
    pending: undefined,
    begun: 0,
    epoch: 0,
    urgentReceived: 0,
    isActive: false,
    isEnded: false,
    isFlushSet: false,
    markMs: 0,
    flushedMs: 0,
  };
  return {
    receive: (message) => receive(inside, message),
    uncaught: (error) => endByError(inside, error),
    log: (level, text) => {
      const running = inside.computer.running();
      voice.log(level, text, running?.task, running?.attempt);
    },
  };
}

function receive(inside: Inside, message: ToWorker): void {
  if (message.kind === "start") {
    inside.claims = new Int32Array(message.claims);
    const { memory } = inside.environment;
    if (memory) inside.excess = createMemoryWatch(memory, message.memoryMb);
    return;
  }
  const isUrgent = message.kind !== "tasks" && message.kind !== "large-task";
  if (isUrgent) inside.urgentReceived = (inside.urgentReceived + 1) | 0;
  const running = inside.computer.running();
  if (message.kind === "cancel") {
    if (running?.task === message.task && running.attempt === message.attempt) running.controller.abort();
  } else if (message.kind === "custom" && (running || !inside.isActive)) {
    // It does not wait for a task, but for the preparation of the user's half.
    open(inside, message);
  } else {
    inside.inbox.push(message);
    if (inside.isActive) return;
    inside.isActive = true;
    inside.flushedMs = inside.environment.now();
    resume(inside);
  }
}

function resume(inside: Inside): void {
  inside.markMs = inside.environment.now();
  pump(inside);
}

/** Does what waits, until nothing is left or something must be waited for. */
function pump(inside: Inside): void {
  while (!inside.isEnded) {
    const { claims, reader } = inside;
    if (announced(claims) !== inside.urgentReceived) {
      return inside.environment.setTimer(0, () => resume(inside));
    }
    if (reader === undefined || reader.read() === reader.count) {
      inside.reader = undefined;
      const item = inside.inbox.shift();
      if (item === undefined) return rest(inside);
      const wait = open(inside, item);
      if (wait) return void wait.then(() => resume(inside));
    } else if (endIfExcessive(inside)) {
      return;
    } else if (!claim(claims, inside.begun)) {
      forgetRevoked(inside);
    } else {
      inside.begun = advance(inside.begun, 1);
      reader.next(inside.begin);
      if (inside.pending) return awaitTask(inside, inside.pending);
    }
  }
}

/** Takes an item in hand. @returns a promise if it takes time. */
function open(inside: Inside, item: Item): Promise<void> | undefined {
  if (item.kind === "tasks" || item.kind === "large-task") {
    item.spares?.forEach(keepSpare);
    if (item.epoch !== inside.epoch) return;
    inside.reader = item.kind === "tasks" ? openBatch(item.batch, item.count) : openOne(item);
  } else if (item.kind === "session") {
    return prepare(inside, item);
  } else {
    if (inside.user && "half" in inside.user) deliverCustom(inside.user.half, item.payload, inside.voice);
    inside.environment.post({ kind: "custom-taken" });
  }
}

function prepare(inside: Inside, session: SessionMessage): Promise<void> | undefined {
  const prepared = (user: UserHalf): void => {
    inside.user = user;
    if ("failure" in user) inside.voice.log("error", user.failure.stack ?? user.failure.message);
    inside.environment.post({ kind: "prepared" });
  };
  inside.node = session.node;
  const user = prepareHalf(inside.job, session);
  if (isPromise(user)) return user.then(prepared);
  prepared(user);
}

function awaitTask(inside: Inside, task: Promise<void>): void {
  inside.pending = undefined;
  void task.then(() => pump(inside));
  lookWhilePending(inside);
  if (inside.isFlushSet || inside.writer.waiting() === 0) return;
  inside.isFlushSet = true;
  inside.environment.setTimer(0, () => {
    inside.isFlushSet = false;
    flush(inside);
  });
}

/** Ends the worker if it has too much memory. */
function endIfExcessive(inside: Inside): boolean {
  const error = inside.excess(inside.environment.now());
  if (error) endByError(inside, error);
  return error !== undefined;
}

/** Looks at the memory again and again while a task waits for something. */
function lookWhilePending(inside: Inside): void {
  const { environment } = inside;
  if (inside.isLookSet || !environment.memory) return;
  inside.isLookSet = true;
  environment.setTimer(memoryLookMs, () => {
    inside.isLookSet = false;
    if (!inside.isEnded && inside.computer.running() && !endIfExcessive(inside)) lookWhilePending(inside);
  });
}

function addResult(inside: Inside, payload: Uint8Array, failed: boolean): void {
  const startMs = inside.markMs;
  inside.markMs = inside.environment.now();
  inside.writer.add(payload, failed, inside.markMs - startMs);
  if (inside.markMs - inside.flushedMs >= flushMs) flush(inside);
}

function flush(inside: Inside): void {
  inside.writer.flush();
  inside.flushedMs = inside.markMs;
}

function rest(inside: Inside): void {
  flush(inside);
  inside.isActive = false;
}

function forgetRevoked(inside: Inside): void {
  allow(inside.claims);
  inside.epoch++;
  inside.reader = undefined;
  flush(inside);
  inside.environment.post({ kind: "revoked" });
}

function endByError(inside: Inside, error: unknown): void {
  if (inside.isEnded) return;
  inside.isEnded = true;
  inside.writer.flush();
  inside.environment.post({ kind: "uncaught", failure: failureOf("worker-lost", error) });
}
