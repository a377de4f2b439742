/**
 * The journal as the command line wants it: where it is, how it is opened, and what is said about it.
 *
 * @module
 */
import { fillJobOptions } from "../job/job_options.ts";
import type { JobOptions, Summary } from "../job/types.ts";
import { type Journal, JournalError, openJournal } from "../server/journal/mod.ts";
import { packageVersion } from "../version.ts";
import type { Flag } from "./args.ts";
import { UsageError } from "./errors.ts";
import { dateMs } from "./machine.ts";
import { counted } from "./progress_bar.ts";
import type { Invocation, TargetJob } from "./verb.ts";

/** How long the part of a file's name may be that is the job's. */
const nameCharactersMax = 100;

/** The flags of a verb that can keep a journal. @param isDefault Whether it does so unasked */
export function journalFlags(isDefault: boolean): Flag[] {
  const unasked = isDefault ? "the job's name and .journal" : "none";
  return [
    {
      name: "journal",
      type: "string",
      placeholder: "FILE",
      isRefusable: true,
      help: `keep results there, so that the job can be resumed (default ${unasked})`,
    },
    { name: "resume", type: "boolean", help: "go on from the journal; without one, begin it" },
    { name: "retry-failed", type: "boolean", help: "go on from the journal, and run again what failed for good" },
  ];
}

/** The name of a job's journal where none is given: safe as a file name on every system. */
export function journalName(job: string): string {
  const safe = job.replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[.-]/, "_");
  return `${[...safe].slice(0, nameCharactersMax).join("")}.journal`;
}

/** A journal to keep, as flags ask for it. */
export interface JournalRequest {
  readonly path: string;
  readonly resume: boolean;
  readonly retryFailed: boolean;
}

/**
 * Reads the flags.
 *
 * @param isDefault Whether a journal is kept unasked
 * @throws {UsageError} When they contradict each other.
 */
export function journalRequest(
  flags: Invocation["args"]["flags"],
  job: string,
  isDefault: boolean,
): JournalRequest | undefined {
  const given = flags.get("journal");
  const resume = flags.get("resume") === true;
  const retryFailed = flags.get("retry-failed") === true;
  if (given === false) {
    if (!resume && !retryFailed) return undefined;
    throw new UsageError(`Cannot go on from a journal without one: --no-journal contradicts ${wordOf(resume)}`);
  }
  if (given === undefined && !isDefault && !resume && !retryFailed) return undefined;
  return { path: given === undefined ? journalName(job) : String(given), resume, retryFailed };
}

const wordOf = (resume: boolean): string => resume ? "--resume" : "--retry-failed";

/** The journal of one run. Disposing of it gives its file free. */
export interface KeptJournal extends Disposable {
  readonly journal: Journal;
  /** Whether there is anything to go on from. */
  readonly isWorthKeeping: () => boolean;
}

/**
 * Opens the journal that the command line asks for, if it asks for one.
 *
 * @param options The job's options
 * @throws {UsageError} When flags contradict each other.
 * @throws {JournalError} When it cannot be kept, or not be resumed from.
 */
export function keepJournal(
  { args, terminal }: Pick<Invocation, "args" | "terminal">,
  { job, codeHash }: Pick<TargetJob, "job" | "codeHash">,
  options: JobOptions,
  isDefault: boolean,
): KeptJournal | undefined {
  const request = journalRequest(args.flags, job.name, isDefault);
  if (!request) return undefined;
  const header = {
    ...{ job: job.name, codeHash, packageVersion, pinned: job.pinned },
    options: fillJobOptions(job.options as JobOptions, options),
  };
  const journal = open(request, header);
  if (args.flags.get("quiet") !== true) sayHowItBegins(terminal.note, journal, request);
  const isWorthKeeping = () =>
    journal.isResumed || journal.collectedCount + journal.failedCount > 0 || journal.outcome === "complete";
  return {
    journal,
    isWorthKeeping,
    [Symbol.dispose]: () => {
      journal.close();
      // It would only be in the way of the next start.
      if (!isWorthKeeping()) removeFile(journal.path);
    },
  };
}

function open({ path, resume, retryFailed }: JournalRequest, header: Parameters<typeof openJournal>[1]): Journal {
  try {
    return openJournal(path, header, { resume, retryFailed, now: dateMs() });
  } catch (error) {
    if (!(error instanceof JournalError) || error.code !== "journal-io") throw error;
    throw new JournalError(error.code, path, `${error.message}; go without a journal with --no-journal`, {
      cause: error,
    });
  }
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Then it stays, and says at the next start that it holds nothing.
  }
}

function sayHowItBegins(note: (line: string) => void, journal: Journal, { resume, retryFailed }: JournalRequest): void {
  const { path, isResumed, collectedCount, failedCount } = journal;
  if (!isResumed) {
    if (resume) note(`no results yet in ${path}: the job begins`);
    return;
  }
  const parts = [`going on from ${path}: ${counted(collectedCount, "result")} found`];
  if (retryFailed) parts.push("what failed is run again");
  else if (failedCount > 0) {
    parts.push(`${counted(failedCount, "task")} failed before (--retry-failed runs them again)`);
  }
  note(parts.join(", "));
}

/** How to go on after the job has ended like this; `undefined` where there is nothing to go on to. */
export function howToGoOn(summary: Summary, { journal, isWorthKeeping }: KeptJournal): string | undefined {
  const { outcome, failed } = summary;
  if (!isWorthKeeping() || (outcome === "complete" && failed === 0)) return undefined;
  const retry = "with --retry-failed to run again what failed";
  const command = `${journal.path} has what was collected: start the same command`;
  if (outcome === "complete" || (outcome === "failed" && failed > 0)) return `${command} ${retry}`;
  return `${command} with --resume to go on${failed > 0 ? `, or ${retry}` : ""}`;
}
