/**
 * Starts real workers.
 *
 * @module
 */
import { type TaskPermissions, workerPermissions } from "./permissions.ts";
import type { FromWorker, SpawnWorker } from "./worker_protocol.ts";

// deno-lint-ignore no-control-regex -- the runtime colours its messages with escape codes
const colours = /\x1b\[[0-9;]*m/g;

/**
 * Makes a function that starts a worker whose main module is at `url`, without any permission but those granted. Deno
 * demands the flag `--unstable-worker-options` for that, and ends the process where it is missing.
 *
 * @param url What `workerUrlFor` gives for a job's module.
 */
export function workerSpawner(url: string | URL, granted: TaskPermissions = {}): SpawnWorker {
  const permissions = workerPermissions(granted);
  return ({ onMessage, onError }) => {
    const worker = new Worker(url, { type: "module", name: "gristmill", deno: { permissions } });
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker | null | undefined>) => {
      // User code can post as well; what it says this way is for nobody.
      if (typeof data?.kind === "string") onMessage(data);
    });
    worker.addEventListener("messageerror", () => onError("a message from the worker could not be read"));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      const place = event.filename && !event.filename.startsWith("data:") ? ` (${event.filename}:${event.lineno})` : "";
      onError(`${event.message.replaceAll(colours, "")}${place}`);
    });
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      terminate: () => worker.terminate(),
    };
  };
}
