/** Whether a journal belongs to the job that would be resumed from it. Pure functions. @module */
import { optionFlag } from "../../job/job_options.ts";
import type { JobOptions } from "../../job/types.ts";
import { JournalError, type JournalErrorCode } from "./errors.ts";
import type { JournalHeader } from "./types.ts";

const other = "keep another journal (--journal OTHER)";

/** The first option that differs, by name. */
function differingOption(kept: JobOptions, given: JobOptions): string | undefined {
  const names = new Set([...Object.keys(kept), ...Object.keys(given)]);
  return [...names].sort().find((name) => kept[name] !== given[name]);
}

const show = (value: unknown): string => value === undefined ? "absent" : JSON.stringify(value);

/** How the option was given on a command line. */
function flagOf(name: string, value: JobOptions[string] | undefined): string {
  if (typeof value === "boolean") return value ? optionFlag(name) : optionFlag(name).replace("--", "--no-");
  return `${optionFlag(name)} ${show(value)}`;
}

/**
 * Compares what a journal was begun with and what it would be resumed with.
 *
 * @throws {JournalError} codes `journal-job-mismatch`, `journal-code-mismatch`, `journal-options-mismatch`.
 */
export function checkHeader(path: string, kept: JournalHeader, given: JournalHeader): void {
  const fail = (code: JournalErrorCode, what: string): never => {
    throw new JournalError(code, path, `Cannot resume from the journal ${path}: ${what}`);
  };
  if (kept.job !== given.job) {
    fail("journal-job-mismatch", `it belongs to the job ${show(kept.job)}, not to ${show(given.job)}; ${other}`);
  }
  if (kept.codeHash !== given.codeHash) {
    const [was, is] = [kept.codeHash, given.codeHash].map((hash) => hash.slice(0, 12));
    fail(
      "journal-code-mismatch",
      `the job's code had the hash ${was} then and has ${is} now; restore the code, ${other}, or delete the file`,
    );
  }
  if (kept.pinned !== given.pinned) {
    fail("journal-code-mismatch", `the job kept its own books then or does so now, but not both; ${other}`);
  }
  const name = differingOption(kept.options, given.options);
  if (name !== undefined) {
    const [was, is] = [kept.options[name], given.options[name]];
    fail(
      "journal-options-mismatch",
      `its option ${name} was ${show(was)} and is ${show(is)} now; start with ${flagOf(name, was)}, or ${other}`,
    );
  }
}
