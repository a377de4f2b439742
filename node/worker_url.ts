/**
 * The main module of a worker, made for one job.
 *
 * @module
 */

const moduleUrl = (source: string): string => `data:application/typescript,${encodeURIComponent(source)}`;
const specifier = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/**
 * The URL of a module that runs a job's tasks in a worker. It imports the job statically, because a worker without
 * permissions may not import anything dynamically, while what its own module graph names is loaded also over the
 * network and in compiled programs. The guard is a module of its own since it must be in place before the job's module
 * is evaluated.
 *
 * @param jobUrl The absolute URL of the job's module.
 * @throws {TypeError} if `jobUrl` is no absolute URL.
 *
 * @example
 * ```ts
 * import { workerUrlFor } from "./worker_url.ts";
 *
 * const url = workerUrlFor(new URL("../examples/primes/job.ts", import.meta.url).href);
 * ```
 */
export function workerUrlFor(jobUrl: string): string {
  const job = JSON.stringify(new URL(jobUrl).href);
  const guard = moduleUrl(`import { guardWorker } from ${specifier("./worker_guard.ts")}; guardWorker();`);
  return moduleUrl([
    `import ${JSON.stringify(guard)};`,
    `import { serveWorker } from ${specifier("./worker.ts")};`,
    `import * as module from ${job};`,
    `serveWorker(module.default, ${job});`,
  ].join("\n"));
}
