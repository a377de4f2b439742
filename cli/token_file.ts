/**
 * The token as the command line gets it: from a file, from the environment, or by a flag.
 *
 * @module
 */
import { tokenFault } from "../actors/remote/token.ts";
import type { Config } from "../server/config.ts";
import { configFlag, type ConfigSources, gatherConfig } from "./config_sources.ts";
import { UsageError } from "./errors.ts";

/** The settings with the token in them, and what is to be said about where it came from. */
export interface TokenFound {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/**
 * Gathers the settings, and reads the token from its file if it is in one.
 *
 * @throws {UsageError} If settings are wrong, or if the token's file cannot be read or holds no token.
 */
export async function gatherWithToken(sources: ConfigSources): Promise<TokenFound> {
  const { config, tokenFrom } = await gatherConfig(sources);
  const { tokenFile } = config;
  if (tokenFile !== "") {
    const { token, warnings } = readToken(tokenFile);
    return { config: { ...config, token }, warnings };
  }
  if (tokenFrom === "file") return { config, warnings: exposure(String(sources.flags.get(configFlag.name))) };
  const shown = "--token shows in the list of processes: use --token-file, or GRISTMILL_TOKEN";
  return { config, warnings: tokenFrom === "flags" ? [shown] : [] };
}

function readToken(path: string): { readonly token: string; readonly warnings: readonly string[] } {
  let text: string;
  let warnings: readonly string[];
  try {
    text = Deno.readTextFileSync(path);
    warnings = exposure(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound ? "there is no such file" : (cause as Error).message;
    throw new UsageError(`Cannot read the token in ${path}: ${why} (option --token-file)`, { cause });
  }
  const token = text.trim();
  const fault = /[\r\n]/.test(token) ? "one line" : tokenFault(token);
  if (fault) throw new UsageError(`Cannot use the token in ${path}: it must be ${fault} (option --token-file)`);
  return { token, warnings };
}

/** What is to be said of a file with a token in it that others can read. */
function exposure(path: string): string[] {
  const { mode } = Deno.statSync(path);
  const isReadable = mode !== null && (mode & 0o077) !== 0;
  return isReadable ? [`${path} holds a token and can be read by others: chmod 600 ${path}`] : [];
}
