/**
 * Prepares a worker's global object for user code.
 *
 * @module
 */
import { Console } from "node:console";
import type { LogLevel } from "../actors/types.ts";
import { createLineLimit, cutLine } from "./line_limit.ts";
import type { FromWorker } from "./worker_protocol.ts";

/** Where lines of `console` go. Until the worker serves its job, they are posted without a tag. */
export const consoleSink: { write: (level: LogLevel, text: string) => void } = { write: () => {} };

const levels: Readonly<Record<string, LogLevel>> = {
  debug: "debug",
  warn: "warn",
  trace: "warn",
  error: "error",
  assert: "error",
};

/** Replaces the methods of `console` by those of Node.js, which can write elsewhere than to this process's output. */
function redirectConsole(): void {
  let level: LogLevel = "info";
  const stream = {
    write: (text: string): boolean => {
      consoleSink.write(level, text.replace(/\n$/, ""));
      return true;
    },
    on: () => stream,
    once: () => stream,
    removeListener: () => stream,
    listenerCount: () => 0,
  };
  // The console needs no more of a stream than this.
  const redirected = new Console(stream as unknown as ConstructorParameters<typeof Console>[0]);
  const target = globalThis.console as unknown as Record<string, unknown>;
  for (const [name, method] of Object.entries(redirected)) {
    if (typeof method !== "function" || typeof target[name] !== "function") continue;
    target[name] = (...parameters: unknown[]): unknown => {
      level = levels[name] ?? "info";
      return method.apply(redirected, parameters);
    };
  }
}

/** Has what user code writes to the standard output, past `console`, go where lines go. */
function redirectOutput(): void {
  const decoder = new TextDecoder();
  for (const [target, level] of [[Deno.stdout, "info"], [Deno.stderr, "error"]] as const) {
    const writeSync = (bytes: Uint8Array): number => {
      consoleSink.write(level, decoder.decode(bytes).replace(/\n$/, ""));
      return bytes.length;
    };
    Object.defineProperties(target, {
      writeSync: { value: writeSync },
      write: { value: (bytes: Uint8Array) => Promise.resolve(writeSync(bytes)) },
      writable: { get: () => new WritableStream<Uint8Array>({ write: (bytes) => void writeSync(bytes) }) },
    });
  }
}

/** A worker that ends itself leaves no trace that the node could see, so that user code may not do it. */
function forbidExit(): void {
  const scope = globalThis as unknown as { close: () => void; process?: { exit: () => void } };
  const forbid = (name: string) => (): never => {
    throw new Error(`Cannot end the worker by ${name}: return from the task, or throw an error to have it fail`);
  };
  scope.close = forbid("close()");
  Deno.exit = forbid("Deno.exit()");
  if (scope.process) scope.process.exit = forbid("process.exit()");
}

/** Sends what user code prints to the server, and keeps user code from ending the worker. To be called once. */
export function guardWorker(): void {
  const limit = createLineLimit();
  const { postMessage } = globalThis as unknown as { postMessage: (message: FromWorker) => void };
  consoleSink.write = (level, text) => {
    if (limit.admit(performance.now())) postMessage({ kind: "log", level, text: cutLine(text) });
  };
  redirectConsole();
  redirectOutput();
  forbidExit();
}
