/**
 * The main program of a process in which one worker runs. It passes messages between its parent and the worker, so that
 * it sees the end of its parent and the size of its memory whatever user code does.
 *
 * @module
 */
import { announce, type Claims, createClaims } from "./claims.ts";
import { memoryLookMs, overLimit } from "./memory_watch.ts";
import type { TaskPermissions } from "./permissions.ts";
import { createMessageReader, encodeMessage } from "./process_frames.ts";
import { workerSpawner } from "./spawn_worker.ts";
import type { FromRemoteWorker, ToRemoteWorker } from "./task_feeder.ts";
import type { ToWorker, WorkerPort } from "./worker_protocol.ts";

/** The first argument of a program that is to serve as such a process; the worker's URL and options follow. */
export const bridgeVerb = "worker-process";

const mebibyte = 2 ** 20;

/** What a bridge is started with. */
export interface BridgeOptions {
  /** The main module of the worker, as `workerUrlFor` makes it. */
  readonly workerUrl: string;
  /** How much memory the process may have, in MiB; 0 for no limit. */
  readonly memoryMb: number;
  /** What user code may do. */
  readonly permissions: TaskPermissions;
}

/** Serves one worker until the parent ends the input. Never returns; ends the process. */
export async function bridge({ workerUrl, memoryMb, permissions }: BridgeOptions): Promise<never> {
  ignoreSignals();
  const output = Deno.stdout.writable.getWriter();
  let written: Promise<unknown> = Promise.resolve();
  const send = (message: FromRemoteWorker): void => void (written = output.write(encodeMessage(message)).catch(leave));
  const sendLast = (message: FromRemoteWorker): void => {
    send(message);
    void written.then(leave);
  };
  const port = workerSpawner(workerUrl, permissions)({
    onMessage: send,
    onError: (message) => sendLast({ kind: "lost", message }),
  });
  if (memoryMb > 0) {
    const timer = setInterval(() => {
      const { rss } = Deno.memoryUsage();
      if (rss <= memoryMb * mebibyte) return;
      clearInterval(timer);
      port.terminate();
      const failure = { kind: "worker-lost", name: "MemoryLimitError", message: overLimit(rss, memoryMb) } as const;
      sendLast({ kind: "uncaught", failure });
    }, memoryLookMs);
  }
  const reader = createMessageReader();
  const deliver = deliverTo(port);
  for await (const piece of Deno.stdin.readable) {
    for (const message of reader.push(piece)) deliver(message as ToRemoteWorker);
  }
  return leave();
}

/** A signal that reaches a node's whole group, from a terminal or a batch system, is for the node to act on. */
function ignoreSignals(): void {
  Deno.addSignalListener("SIGINT", () => {});
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => {});
}

const leave = (): never => Deno.exit(0);

/** Posts to the worker, with words to share that nobody else sees: its tasks come one at a time. */
function deliverTo(port: WorkerPort): (message: ToRemoteWorker) => void {
  const claims: Claims = createClaims();
  return (message) => {
    if (message.kind === "start") return port.post({ kind: "start", claims: claims.buffer, memoryMb: 0 });
    if (message.kind === "tasks") return port.post(message, [message.batch]);
    if (message.kind === "large-task") return port.post(message, [message.payload.buffer as ArrayBuffer]);
    announce(claims);
    port.post(detached(message));
  };
}

/** With bytes of its own, for to clone a view is to clone all that is behind it. */
function detached(message: Exclude<ToWorker, { kind: "start" | "tasks" | "large-task" }>): ToWorker {
  if (message.kind === "custom") return { ...message, payload: message.payload.slice() };
  if (message.kind !== "session") return message;
  return { ...message, options: message.options.slice(), initial: message.initial?.slice() };
}
