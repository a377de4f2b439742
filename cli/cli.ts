/**
 * Reads the verb and carries it out.
 *
 * @module
 */
import { bridge, bridgeVerb } from "../node/process_bridge.ts";
import { parseArguments } from "./args.ts";
import { certVerb } from "./cert.ts";
import { controlVerb } from "./control.ts";
import { describeError, exitCodeOf, exitCodes, UsageError } from "./errors.ts";
import { generalHelp, verbHelp, versionLine } from "./help.ts";
import { joblogVerb } from "./joblog.ts";
import { loadJob } from "./load_job.ts";
import { readEnvironment } from "./machine.ts";
import { nodeVerb } from "./node.ts";
import { runVerb } from "./run.ts";
import { serveVerb } from "./serve.ts";
import { didYouMean } from "./suggest.ts";
import { createTerminal } from "./terminal.ts";
import { tokenVerb } from "./token.ts";
import type { CliHost, Verb } from "./verb.ts";

const verbs: readonly Verb[] = [runVerb, serveVerb, nodeVerb, controlVerb, tokenVerb, certVerb, joblogVerb];
const helpFlag = { name: "help", type: "boolean", help: "show this" } as const;

function unknownVerb(word: string, program: string): UsageError {
  const hint = /\.[cm]?[jt]sx?$/.test(word)
    ? `; to run a job: ${program} run ${word}`
    : didYouMean(word, [...verbs.map((verb) => verb.name), "help", "version"]) || ` (${program} --help)`;
  return new UsageError(`Unknown verb ${JSON.stringify(word)}${hint}`);
}

function findVerb(word: string, program: string): Verb {
  const verb = verbs.find((each) => each.name === word);
  if (!verb) throw unknownVerb(word, program);
  return verb;
}

async function runVerbWith(verb: Verb, words: readonly string[], host: CliHost): Promise<number> {
  const hint = verb.takesJobOptions ? "; the job's own options go behind --" : "";
  const args = parseArguments(words, [...verb.flags, helpFlag], hint);
  if (args.flags.get("help") !== true) return await verb.execute({ ...host, args });
  const [path] = args.positionals;
  const names = path !== undefined && !verb.operand;
  const job = host.ownJob?.job ?? (names ? (await loadJob(path)).job : undefined);
  host.terminal.print(verbHelp(verb, host.program, host.ownJob !== undefined, job));
  return exitCodes.complete;
}

async function dispatch(args: readonly string[], host: CliHost): Promise<number> {
  const { terminal, program, ownJob } = host;
  const [first, ...others] = args;
  // For this program itself: how a compiled one starts a slot in a process of its own.
  if (first === bridgeVerb) {
    const [workerUrl, memoryMb, permissions = "{}"] = others;
    return await bridge({ workerUrl, memoryMb: Number(memoryMb), permissions: JSON.parse(permissions) });
  }
  if (first === "help" && others.length > 0) return await dispatch([...others, "--help"], host);
  if (first === "help" || first === "--help") {
    terminal.print(generalHelp(verbs, program, ownJob !== undefined));
    return exitCodes.complete;
  }
  if (first === "version" || first === "--version") {
    terminal.print(versionLine());
    return exitCodes.complete;
  }
  // A program that is its own job runs it when no verb is given.
  if (ownJob && (first === undefined || first.startsWith("-"))) return await runVerbWith(runVerb, args, host);
  if (first === undefined) {
    terminal.note(generalHelp(verbs, program, false));
    return exitCodes.usage;
  }
  return await runVerbWith(findVerb(first, program), others, host);
}

/** Whether stacks are wanted. Looked up without the settings, for the error may be about them. */
function isDebugging(args: readonly string[], host: CliHost): boolean {
  return /--log-level[= ]debug\b/.test(args.join(" ")) || host.environment("GRISTMILL_LOG_LEVEL") === "debug";
}

/**
 * Carries out a command line. Never throws: an error is printed as one line, with details where there are any.
 *
 * @param args What follows the program's name
 * @param host By default the `gristmill` command in this process
 * @returns the exit code, one of {@linkcode exitCodes}.
 */
export async function runCli(args: readonly string[], host: Partial<CliHost> = {}): Promise<number> {
  const full: CliHost = {
    program: "gristmill",
    terminal: createTerminal(),
    environment: readEnvironment,
    ...host,
  };
  const end = args.indexOf("--");
  const words = args.map((arg, index) => arg === "-h" && (end === -1 || index < end) ? "--help" : arg);
  try {
    return await dispatch(words, full);
  } catch (error) {
    full.terminal.status(undefined);
    full.terminal.note(describeError(error, isDebugging(words, full)));
    return exitCodeOf(error);
  }
}
