/**
 * What the verbs of the command line have in common.
 *
 * @module
 */
import { parseJobOptions } from "../job/job_options.ts";
import type { Job, JobOptions } from "../job/types.ts";
import { createLogger } from "../actors/log.ts";
import type { Logger, LogLevel } from "../actors/types.ts";
import { workerUrlFor } from "../node/worker_url.ts";
import type { Config } from "../server/config.ts";
import type { Arguments, Flag } from "./args.ts";
import { hashCode } from "./code_hash.ts";
import { configFlag } from "./config_sources.ts";
import { UsageError } from "./errors.ts";
import { type LoadedModule, loadJob } from "./load_job.ts";
import type { Terminal } from "./terminal.ts";
import { gatherWithToken } from "./token_file.ts";

/** How the command line was started. */
export interface CliHost {
  /** How a person starts this program: `gristmill`, or the name of a program that is its own job. */
  readonly program: string;
  readonly terminal: Terminal;
  /** Reads an environment variable. */
  readonly environment: (variable: string) => string | undefined;
  /** The job of a program that is its own job; then no verb takes one. */
  readonly ownJob?: { readonly job: Job; readonly url: string };
}

/** One call of a verb. */
export interface Invocation extends CliHost {
  readonly args: Arguments;
}

/** A verb of the command line. */
export interface Verb {
  readonly name: string;
  /** One line for the list of verbs. */
  readonly summary: string;
  /** What follows the verb's name in its usage line, without the job. */
  readonly usage: string;
  /** What it takes in place of a job: a word for the usage line, and what that means in one line. @default a job */
  readonly operand?: readonly [word: string, meaning: string];
  /** Whether options of the job may follow behind `--`. */
  readonly takesJobOptions: boolean;
  readonly flags: readonly Flag[];
  /** @returns the exit code. */
  readonly execute: (invocation: Invocation) => Promise<number>;
}

/** Flags that every verb with a job has. */
export const commonFlags: readonly Flag[] = [
  configFlag,
  { name: "quiet", type: "boolean", help: "say nothing but warnings, errors and addresses" },
];

/** Settings and outputs of one call. */
export interface Setup {
  readonly config: Config;
  readonly logger: Logger;
  readonly isQuiet: boolean;
}

/** A log that cannot be written is lost in silence later on: it must not be so from the start. */
function requireLogFile(path: string): void {
  try {
    Deno.openSync(path, { append: true, create: true }).close();
  } catch (cause) {
    throw new UsageError(`Cannot append log lines to ${path}: ${(cause as Error).message} (option --log-file)`, {
      cause,
    });
  }
}

/** Gathers the settings and opens the log. */
export async function setUp({ args, environment, terminal }: Invocation): Promise<Setup> {
  const { config, warnings } = await gatherWithToken({ flags: args.flags, environment });
  const isQuiet = args.flags.get("quiet") === true;
  const level = (isQuiet && config.logLevel === "info" ? "warn" : config.logLevel) as LogLevel;
  const logger = openLog(config, level, terminal.note);
  for (const warning of warnings) logger.warn(warning);
  return { config, isQuiet, logger };
}

function openLog({ logFile }: Config, level: LogLevel, write: Terminal["note"]): Logger {
  if (logFile === "") return createLogger({ level, write });
  requireLogFile(logFile);
  return createLogger({ level, file: logFile });
}

/** A job, and the word that a person would give for it. */
export interface TargetJob extends LoadedModule {
  /** Empty for a program that is its own job. */
  readonly word: string;
  /** The main module of the job's workers. */
  readonly workerUrl: string;
}

/** Loads the job that the command line names, or the program's own. */
export async function targetJob({ args, ownJob, program }: Invocation): Promise<TargetJob> {
  const wanted = ownJob ? 0 : 1;
  const { positionals } = args;
  if (positionals.length > wanted) {
    throw new UsageError(
      `Unexpected argument ${
        JSON.stringify(positionals[wanted])
      }; the job's own options go behind -- (${program} --help)`,
    );
  }
  if (ownJob) {
    // The program's main module is also that of its workers, where `main` serves them.
    return { ...ownJob, codeHash: await hashCode(ownJob.url), word: "", workerUrl: ownJob.url };
  }
  if (positionals.length === 0) {
    throw new UsageError(`No job: name the module of a job, such as ./job.ts (${program} --help)`);
  }
  const loaded = await loadJob(positionals[0]);
  return { ...loaded, word: positionals[0], workerUrl: workerUrlFor(loaded.url) };
}

/** The job's options as given behind `--`. */
export function jobOptions(job: Job, { args }: Invocation): JobOptions {
  return parseJobOptions(job.options as JobOptions, args.rest);
}
