/**
 * `serve`: a server that waits for nodes.
 *
 * @module
 */
import { type Address, formatAddress } from "../actors/remote/transport.ts";
import { startServer } from "../server/server.ts";
import type { Config } from "../server/config.ts";
import { packageVersion } from "../version.ts";
import { isLoopback, isWildcard } from "./address.ts";
import { conclude } from "./conclude.ts";
import { configFlags } from "./config_sources.ts";
import { captureConsole } from "./console_capture.ts";
import { UsageError } from "./errors.ts";
import { journalFlags, keepJournal } from "./journal.ts";
import { hostName } from "./machine.ts";
import { openListener } from "./network.ts";
import { progressWriter } from "./progress_bar.ts";
import { watchSignals } from "./signals.ts";
import { watchStrayErrors } from "./stray_errors.ts";
import { commonFlags, type Invocation, jobOptions, setUp, targetJob, type Verb } from "./verb.ts";

function requireKey(config: Config, invocation: Invocation): void {
  if (config.key !== "" || isLoopback(config.host) || invocation.args.flags.get("insecure") === true) return;
  throw new UsageError(
    `Cannot listen on ${config.host} without a key: whoever reaches the port could join; ` +
      `set GRISTMILL_KEY (or --key) on the server and on its nodes, or give --insecure`,
  );
}

const quote = (word: string): string => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** The command that starts a node on another machine. The key stays out of it, and so out of shell histories. */
export function joinLine(program: string, address: Address, job: string, config: Config): string {
  const host = isWildcard(address.host) ? hostName("HOST") : address.host;
  const words = [`${program} node --join ${formatAddress({ ...address, host })}`];
  if (config.encrypt) words.push(`--encrypt --authority-file ${quote(config.certificateFile)}`);
  if (job !== "") words.push(quote(job));
  return words.join(" ") + (config.key === "" ? "" : "  # with GRISTMILL_KEY set to the same key");
}

async function execute(invocation: Invocation): Promise<number> {
  const { config, logger, isQuiet } = await setUp(invocation);
  const { terminal, program } = invocation;
  requireKey(config, invocation);
  const target = await targetJob(invocation);
  const options = jobOptions(target.job, invocation);

  using kept = keepJournal(invocation, target, options, true);
  const listener = await openListener(config);
  terminal.print(`listening on ${formatAddress(listener.address)}`);
  terminal.print(`join with: ${joinLine(program, listener.address, target.word, config)}`);
  const server = startServer({
    job: { job: target.job, options, codeHash: target.codeHash },
    config,
    listeners: [listener],
    packageVersion,
    logger,
    journal: kept?.journal,
    onProgress: isQuiet ? undefined : progressWriter(terminal),
  });
  using signals = watchSignals((signal) => server.stop(`${signal} was received`));
  using _console = captureConsole(terminal);
  using _stray = watchStrayErrors((text, error) => logger.error(text, { error }));

  const summary = await server.done;
  return conclude(summary, { terminal, program, isQuiet, signalCode: signals.exitCode(), kept });
}

/** The verb `serve`. */
export const serveVerb: Verb = {
  name: "serve",
  summary: "Serve a job to nodes on any machine",
  usage: "[OPTIONS]",
  takesJobOptions: true,
  flags: [
    ...journalFlags(true),
    ...configFlags(({ side }) => side !== "node"),
    { name: "insecure", type: "boolean", help: "allow nodes without a key from other machines" },
    ...commonFlags,
  ],
  execute,
};
