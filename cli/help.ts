/**
 * The texts of `--help`, and what `version` says.
 *
 * @module
 */
import { protocolVersion } from "../actors/remote/protocol.ts";
import { describeJobOptions } from "../job/job_options.ts";
import type { Job, JobOptions } from "../job/types.ts";
import { packageVersion } from "../version.ts";
import { type Flag, placeholderOf } from "./args.ts";
import { configFlag } from "./config_sources.ts";
import { exitCodes } from "./errors.ts";
import type { Verb } from "./verb.ts";

/** A line with the package's version, the protocol's, and Deno's. */
export function versionLine(): string {
  return `gristmill ${packageVersion} (protocol ${protocolVersion}, deno ${Deno.version.deno}, ${Deno.build.target})`;
}

/** Two columns, the first as wide as it must be. */
export function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
}

function flagRow(flag: Flag): readonly [string, string] {
  if (flag.type === "boolean") return [`--[no-]${flag.name}`, flag.help];
  if (flag.type === "grant") return [`--${flag.name}[=${placeholderOf(flag)},...]`, flag.help];
  const name = flag.isRefusable ? `[no-]${flag.name}` : flag.name;
  return [`--${name} ${placeholderOf(flag)}`, flag.type === "list" ? `${flag.help}; may be repeated` : flag.help];
}

const exitCodeRows: readonly (readonly [string, string])[] = [
  [String(exitCodes.complete), "complete"],
  [String(exitCodes.failed), "the job failed, was stopped before it was complete, or had to leave tasks out"],
  [String(exitCodes.usage), "the command line, a setting, the job module or the journal cannot be used"],
  [String(exitCodes.unreachable), "the server cannot be reached, or refuses this node or operator"],
  [String(exitCodes.interrupted), "ended by Ctrl-C (SIGINT)"],
  [String(exitCodes.terminated), "ended by SIGTERM"],
];

const jobOperand = ["JOB", "JOB is the path or URL of a module whose default export is a job."] as const;

/** The help of one verb, with the options of the job where it is known. */
export function verbHelp(verb: Verb, program: string, isOwnJob: boolean, job?: Job): string {
  const [operand, meaning] = verb.operand ?? (isOwnJob ? ["", ""] : jobOperand);
  const words = [program, verb.name, verb.usage, operand];
  if (verb.takesJobOptions) words.push("[-- JOB OPTIONS]");
  const lines = [
    `${verb.summary}.`,
    "",
    `Usage: ${words.filter((word) => word !== "").join(" ")}`,
    ...(meaning === "" ? [] : ["", meaning]),
    "",
    "Options:",
    ...table(verb.flags.map(flagRow)),
  ];
  if (job && verb.takesJobOptions) {
    const described = describeJobOptions(job.options as JobOptions);
    lines.push("", `Options of the job ${job.name}, behind --:`);
    lines.push(...(described.length === 0 ? ["  (none)"] : described.map((line) => `  ${line}`)));
  }
  if (verb.flags.includes(configFlag)) {
    lines.push(
      "",
      "Settings come from --config, then GRISTMILL_* (such as GRISTMILL_TOKEN), then options; the later wins.",
    );
  }
  lines.push("", "Exit codes:", ...table(exitCodeRows));
  return lines.join("\n");
}

/** The help of the whole command line. */
export function generalHelp(verbs: readonly Verb[], program: string, isOwnJob: boolean): string {
  const jobWord = isOwnJob ? "" : " JOB";
  return [
    isOwnJob
      ? `${program} computes on one machine or on many.`
      : "Gristmill spreads number crunching over many machines.",
    "",
    `Usage: ${program} VERB [OPTIONS]${jobWord} [-- JOB OPTIONS]`,
    "",
    "Verbs:",
    ...table([
      ...verbs.map((verb) => [verb.name, verb.summary] as const),
      ["help [VERB]", "Show this, or the options of a verb"],
      ["version", "Show the versions"],
    ]),
    "",
    isOwnJob ? `Without a verb, ${program} runs the job on this machine.` : `Begin with: ${program} run job.ts`,
  ].join("\n");
}
