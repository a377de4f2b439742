/**
 * Makes a user's own program server and node in one.
 *
 * @module
 */
import type { Job } from "../job/types.ts";
import { serveWorker } from "../node/worker.ts";
import { guardWorker } from "../node/worker_guard.ts";
import { runCli } from "./cli.ts";
import { programName } from "./door.ts";

/**
 * The last line of a program that is its own job: `await main(job, import.meta)`. Started by a person, it reads the
 * command line (`run`, `serve`, `node --join HOST:PORT`; without a verb it runs the job on this machine) and ends the
 * process with its exit code. Started as a worker of a node, it computes. Imported by another module, it does nothing.
 *
 * Works the same under `deno run`, from a URL, and in a program made by `deno compile`.
 *
 * @param job The job
 * @param meta The program's `import.meta`
 *
 * @example
 * ```ts ignore
 * import { defineJob, main } from "@gristmill/gristmill";
 *
 * const job = defineJob({
 *   name: "squares",
 *   options: { count: 100 },
 *   *tasks({ count }) {
 *     for (let n = 0; n < count; n++) yield n;
 *   },
 *   compute: (n: number) => n * n,
 * });
 *
 * export default job;
 * await main(job, import.meta);
 * ```
 */
export async function main(job: Job, meta: ImportMeta): Promise<void> {
  // Also in a worker: a worker that was made for another module has only imported this one.
  if (!meta.main) return;
  if ("WorkerGlobalScope" in globalThis) {
    guardWorker();
    serveWorker(job, meta.url);
    return;
  }
  Deno.exit(await runCli(Deno.args, { program: programName(meta.url), ownJob: { job, url: meta.url } }));
}
