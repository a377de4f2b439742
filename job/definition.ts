/**
 * What the two ways of defining a job share: the fields that every job has, and the check of a definition.
 *
 * @module
 */
import { JobError } from "./errors.ts";
import { checkOptionDefaults, type OptionValues } from "./job_options.ts";
import type { Job, JobOptions, TaskLimits } from "./types.ts";

/** What every job declares, however it is written. */
export interface JobHeader<Options extends JobOptions> {
  /** The job's name, for people and for the handshake: one line of 1 to 100 characters. */
  readonly name: string;
  /**
   * The options with their defaults, which the command line can fill: `maxIterations: 1000` becomes
   * `--max-iterations`. @default none
   */
  readonly options?: Options;
  /** Limits for each task. @default no time limit, 3 attempts */
  readonly limits?: TaskLimits;
}

/** The part of a job that is the same however it is written. */
export function jobHeader<Options extends JobOptions>(
  { name, options, limits }: JobHeader<Options>,
): Pick<Job<OptionValues<Options>>, "gristmill" | "name" | "options" | "limits"> {
  return {
    gristmill: "job/1",
    name,
    options: Object.freeze({ ...options }) as OptionValues<Options>,
    limits: Object.freeze({ ...limits }),
  };
}

/** The fields of a definition that are functions, and whether each must be there. */
export type HookTable = Readonly<Record<string, "required" | "optional">>;

function checkLimits(complain: (what: string) => never, limits: TaskLimits): void {
  const { timeoutMs = 0, maxAttempts = 1 } = limits;
  if (!Number.isInteger(timeoutMs) || timeoutMs < 0 || timeoutMs > 0xffff_ffff) {
    complain(`limits.timeoutMs = ${timeoutMs} must be a whole number of milliseconds from 0 to ${0xffff_ffff}`);
  }
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    complain(`limits.maxAttempts = ${maxAttempts} must be a whole number from 1`);
  }
}

/**
 * Checks a definition once, where it stands in the job's module, instead of in the midst of a run.
 *
 * @throws {JobError} code `job-invalid`
 */
export function checkDefinition(
  definition: JobHeader<JobOptions>,
  hooks: HookTable,
  otherFields: readonly string[] = [],
): void {
  const fields: Readonly<Record<string, unknown>> = { ...definition };
  const { name } = definition;
  const complain = (what: string): never => {
    throw new JobError("job-invalid", `Cannot define job ${JSON.stringify(name) ?? String(name)}: ${what}`);
  };
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (typeof name !== "string" || name.trim() === "" || name.length > 100 || /[\u0000-\u001f\u007f]/.test(name)) {
    complain("name must be one line of 1 to 100 characters");
  }
  const known = ["name", "options", "limits", ...Object.keys(hooks), ...otherFields];
  for (const field of Object.keys(fields)) {
    if (!known.includes(field)) {
      complain(`${JSON.stringify(field)} is no field of a job (these are ${known.join(", ")})`);
    }
  }
  for (const [hook, need] of Object.entries(hooks)) {
    const missing = fields[hook] === undefined;
    if (missing ? need === "required" : typeof fields[hook] !== "function") complain(`${hook} must be a function`);
  }
  for (const field of ["options", "limits"]) {
    const value = fields[field];
    if (value !== undefined && (typeof value !== "object" || value === null)) complain(`${field} must be an object`);
  }
  checkOptionDefaults(name, definition.options ?? {});
  checkLimits(complain, definition.limits ?? {});
}

/** Checks that a state that is stored can be brought back. @throws {JobError} code `job-invalid` */
export function checkSnapshotPair(
  name: string,
  { snapshot, restore }: { snapshot?: unknown; restore?: unknown },
): void {
  if ((snapshot === undefined) === (restore === undefined)) return;
  const missing = snapshot ? "restore" : "snapshot";
  throw new JobError(
    "job-invalid",
    `Cannot define job ${JSON.stringify(name)}: snapshot and restore go together, and ${missing} is missing`,
  );
}
