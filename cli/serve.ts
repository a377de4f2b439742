/**
 * `serve`: a server that waits for nodes.
 *
 * @module
 */
import { type Address, formatAddress } from "../actors/remote/transport.ts";
import type { Config } from "../server/config.ts";
import { isLoopback, isWildcard } from "./address.ts";
import { configFlags } from "./config_sources.ts";
import { UsageError } from "./errors.ts";
import { hostServer } from "./hosting.ts";
import { journalFlags, keepJournal } from "./journal.ts";
import { hostName } from "./machine.ts";
import { openListener } from "./network.ts";
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
  const setup = await setUp(invocation);
  const { config } = setup;
  const { terminal, program } = invocation;
  requireKey(config, invocation);
  const target = await targetJob(invocation);
  const options = jobOptions(target.job, invocation);

  using kept = keepJournal(invocation, target, options, true);
  const listener = await openListener(config);
  terminal.print(`listening on ${formatAddress(listener.address)}`);
  terminal.print(`join with: ${joinLine(program, listener.address, target.word, config)}`);
  using server = hostServer(invocation, { ...setup, target, options, listener, kept });
  return await server.conclude();
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
