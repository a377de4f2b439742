/**
 * `token`: makes tokens.
 *
 * @module
 */
import { createToken, nodeToken } from "../actors/remote/token.ts";
import { configFlag, configFlags } from "./config_sources.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { gatherWithToken } from "./token_file.ts";
import type { Invocation, Verb } from "./verb.ts";

async function execute({ args, environment, terminal }: Invocation): Promise<number> {
  const [unexpected] = [...args.positionals, ...args.rest];
  if (unexpected !== undefined) {
    throw new UsageError(`Unexpected argument ${JSON.stringify(unexpected)}: token takes options alone`);
  }
  if (args.flags.get("node") !== true) {
    terminal.print(createToken());
    return exitCodes.complete;
  }
  const { config: { token }, warnings } = await gatherWithToken({ flags: args.flags, environment });
  if (token === "") {
    throw new UsageError(
      "No token to make the nodes' token of: name its file with --token-file, or set GRISTMILL_TOKEN",
    );
  }
  for (const warning of warnings) terminal.note(`warning: ${warning}`);
  terminal.print(await nodeToken(token));
  return exitCodes.complete;
}

/** The verb `token`. */
export const tokenVerb: Verb = {
  name: "token",
  summary: "Make a token that opens a server",
  usage: "[OPTIONS]",
  operand: ["", "Without --node, it prints a new token for a server and its operators: keep it in a file of mode 600."],
  takesJobOptions: false,
  flags: [
    { name: "node", type: "boolean", help: "print what a token is to nodes: it lets them compute, and nothing else" },
    ...configFlags(({ name }) => name === "token" || name === "tokenFile"),
    configFlag,
  ],
  execute,
};
