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

function requireToken(config: Config, { args, program }: Invocation): void {
  if (config.token !== "" || isLoopback(config.host) || args.flags.get("insecure") === true) return;
  throw new UsageError(
    `Cannot listen on ${config.host} without a token: whoever reaches the port could join; ` +
      `make one with \`${program} token > FILE\` and give it by --token-file FILE, or give --insecure`,
  );
}

const quote = (word: string): string => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** The file that the line below tells nodes to have their token in. */
const nodeTokenFile = "node.token";

/** The command that starts a node on another machine. The token stays out of it, and so out of shell histories. */
export function joinLine(
  program: string,
  address: Address,
  job: string,
  config: Config,
  fingerprint?: string,
): string {
  const host = isWildcard(address.host) ? hostName("HOST") : address.host;
  const words = [`${program} node --join ${formatAddress({ ...address, host })}`];
  if (fingerprint !== undefined) words.push(`--encrypt --fingerprint ${fingerprint}`);
  if (config.token !== "") words.push(`--token-file ${nodeTokenFile}`);
  if (job !== "") words.push(quote(job));
  return words.join(" ");
}

/** The command that makes the file of the line above, to be copied to the nodes; nothing without a token. */
export function nodeTokenLine(program: string, { token, tokenFile }: Config): string | undefined {
  if (token === "") return undefined;
  const from = tokenFile === "" ? "GRISTMILL_TOKEN=... " : "";
  const file = tokenFile === "" ? "" : ` --token-file ${quote(tokenFile)}`;
  const line = `${from}${program} token --node${file} > ${nodeTokenFile}`;
  // The file is nobody else's to read, as for the operator's token.
  return Deno.build.os === "windows" ? line : `(umask 077 && ${line})`;
}

async function execute(invocation: Invocation): Promise<number> {
  const setup = await setUp(invocation);
  const { config } = setup;
  const { terminal, program } = invocation;
  requireToken(config, invocation);
  const target = await targetJob(invocation);
  const options = jobOptions(target.job, invocation);

  using kept = keepJournal(invocation, target, options, true);
  const { listener, fingerprint } = await openListener(config, kept && `${kept.journal.path}.pem`);
  if (!isLoopback(config.host) && !config.encrypt) {
    setup.logger.warn("tasks and results cross the network in plain text; --encrypt keeps them to server and nodes");
  }
  terminal.print(`listening on ${formatAddress(listener.address)}`);
  terminal.print(`join with: ${joinLine(program, listener.address, target.word, config, fingerprint)}`);
  const tokenLine = nodeTokenLine(program, config);
  if (tokenLine) terminal.print(`its token: ${tokenLine}`);
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
    { name: "insecure", type: "boolean", help: "allow nodes without a token from other machines" },
    ...commonFlags,
  ],
  execute,
};
