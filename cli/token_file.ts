/**
 * The token as the command line gets it: from a file, from the environment, or by a flag.
 *
 * @module
 */
import { tokenFault } from "../actors/remote/token.ts";
import type { Config } from "../server/config.ts";
import type { FlagValue } from "./args.ts";
import { UsageError } from "./errors.ts";

/** The settings with the token in them, and what is to be said about where it came from. */
export interface TokenFound {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/**
 * Reads the token from its file, if it is in one.
 *
 * @throws {UsageError} If the file cannot be read, or holds no token.
 */
export function findToken(config: Config, flags: ReadonlyMap<string, FlagValue>): TokenFound {
  const { tokenFile } = config;
  if (tokenFile === "") {
    const isFlag = flags.has("token");
    const exposed = "--token shows in the list of processes: use --token-file, or GRISTMILL_TOKEN";
    return { config, warnings: isFlag ? [exposed] : [] };
  }
  let text: string;
  let mode: number | null;
  try {
    text = Deno.readTextFileSync(tokenFile);
    mode = Deno.statSync(tokenFile).mode;
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound ? "there is no such file" : (cause as Error).message;
    throw new UsageError(`Cannot read the token in ${tokenFile}: ${why} (option --token-file)`, { cause });
  }
  const token = text.trim();
  const fault = /[\r\n]/.test(token) ? "one line" : tokenFault(token);
  if (fault) throw new UsageError(`Cannot use the token in ${tokenFile}: it must be ${fault} (option --token-file)`);
  const isReadable = mode !== null && (mode & 0o077) !== 0;
  const exposed = `${tokenFile} holds a token and can be read by others: chmod 600 ${tokenFile}`;
  return { config: { ...config, token }, warnings: isReadable ? [exposed] : [] };
}
