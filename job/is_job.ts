/** Recognising a job, whatever module it came from. @module */
import { JobError } from "./errors.ts";
import type { Job } from "./types.ts";

/**
 * Whether a value is a job. Goes by a mark, so that a job made by another copy of this package is one as well.
 *
 * @example
 * ```ts
 * import { isJob } from "@gristmill/gristmill/job";
 *
 * isJob({ name: "mandelbrot" }); // false
 * ```
 */
export function isJob(value: unknown): value is Job {
  return (value as Partial<Job> | null | undefined)?.gristmill === "job/1";
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return `the function ${value.name || "(anonymous)"}`;
  if (value === undefined) return "undefined";
  if (typeof value !== "object") return `the ${typeof value} ${JSON.stringify(String(value))}`;
  const mark = (value as { gristmill?: unknown }).gristmill;
  if (typeof mark === "string") return `a job of another version of Gristmill (${JSON.stringify(mark)}, not "job/1")`;
  if (typeof (value as { then?: unknown }).then === "function") return "a promise (write `export default await ...`)";
  return "an object that defineJob did not make";
}

/**
 * The job that a module exports as its default.
 *
 * @param module The module's namespace, as `await import(...)` gives it
 * @param source Where it came from, for the message
 * @throws {JobError} code `job-missing` without a default export, code `job-unknown` if it is no job.
 *
 * @example
 * ```ts
 * import { defineJob, jobOf } from "@gristmill/gristmill/job";
 *
 * const module = { default: defineJob({ name: "squares", tasks: () => [1, 2, 3], compute: (task) => task * task }) };
 * jobOf(module, "squares.ts").name; // "squares"
 * ```
 */
export function jobOf(module: Readonly<Record<string, unknown>>, source: string): Job {
  const mend = "write `export default defineJob({ ... })`";
  if (!("default" in module)) {
    throw new JobError("job-missing", `Cannot use ${source} as a job: it has no default export (${mend})`);
  }
  const value = module.default;
  if (isJob(value)) return value;
  throw new JobError(
    "job-unknown",
    `Cannot use ${source} as a job: its default export is ${describe(value)} (${mend})`,
  );
}
