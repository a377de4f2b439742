/**
 * `joblog`: what became of each task, read from the journal.
 *
 * @module
 */
import { formatJobLog, readJobLog } from "../server/journal/mod.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { journalName } from "./journal.ts";
import type { Invocation, Verb } from "./verb.ts";

/** How many lines are written at once: a journal may hold millions. */
const linesPerWrite = 1_000;

function journalPath({ args: { positionals }, ownJob, program }: Invocation): string {
  const [path = ownJob && journalName(ownJob.job.name), unexpected] = positionals;
  if (unexpected !== undefined) throw new UsageError(`Unexpected argument ${JSON.stringify(unexpected)}`);
  if (path === undefined) {
    throw new UsageError(`No journal: name its file, such as \`${program} joblog pi.journal\``);
  }
  return path;
}

function execute(invocation: Invocation): Promise<number> {
  const { args, terminal } = invocation;
  const format = args.flags.get("json") === true ? "json" : "tsv";
  let lines: string[] = [];
  const write = () => {
    if (lines.length > 0) terminal.print(lines.join("\n"));
    lines = [];
  };
  for (const line of formatJobLog(readJobLog(journalPath(invocation)), format)) {
    if (lines.push(line) === linesPerWrite) write();
  }
  write();
  return Promise.resolve(exitCodes.complete);
}

/** The verb `joblog`. */
export const joblogVerb: Verb = {
  name: "joblog",
  summary: "List what became of each task",
  usage: "[OPTIONS]",
  operand: [
    "JOURNAL",
    "JOURNAL is the file that a server keeps or has kept; one line a task, with tabs: its number, when its last\n" +
    "attempt began (UTC), the seconds it computed, the node, how many attempts were made, how it ended, and why\n" +
    "it failed. With --json, a task that failed has what is known of each of its latest attempts.",
  ],
  takesJobOptions: false,
  flags: [{ name: "json", type: "boolean", help: "write a JSON object a line" }],
  execute,
};
