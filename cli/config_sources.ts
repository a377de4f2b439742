/**
 * Gathers settings from where they can be given: defaults, a JSON file, the environment, flags; the later ones win.
 *
 * @module
 */
import { checkConfig, type Config, type ConfigField, configFields, defaultConfig } from "../server/config.ts";
import type { Flag, FlagValue } from "./args.ts";
import { UsageError } from "./errors.ts";

/** Where settings come from. */
export interface ConfigSources {
  /** The flags that were given. Those that are no settings are left alone. */
  readonly flags: ReadonlyMap<string, FlagValue>;
  /** Reads an environment variable. */
  readonly environment: (variable: string) => string | undefined;
  /** Reads a text file. @default Deno.readTextFile */
  readonly readFile?: (path: string) => Promise<string>;
}

/** The flag that names the JSON file. */
export const configFlag: Flag = {
  name: "config",
  type: "string",
  placeholder: "FILE",
  help: "read settings from JSON",
};

/** The flags of some settings, for a verb. */
export function configFlags(wanted: (field: ConfigField) => boolean): Flag[] {
  return configFields.filter(wanted).map(({ name, flag, type, help, oneOf }) => ({
    name: flag,
    type,
    help: defaultConfig[name] === "" ? help : `${help} (default ${defaultConfig[name]})`,
    placeholder: oneOf?.join("|") ?? (flag.endsWith("file") ? "FILE" : undefined),
  }));
}

type Settings = Record<string, unknown>;

/** A source that has a token takes the place of an earlier one that names a file with a token, and conversely. */
function oneToken(source: Settings): Settings {
  if (source.token && source.tokenFile) {
    throw new UsageError("Cannot use two tokens: give either the token or a file that holds it (option --token-file)");
  }
  if (source.token) return { tokenFile: "", ...source };
  return source.tokenFile ? { token: "", ...source } : source;
}

/** Checks one source by itself, so that a complaint can say where the value stands. */
function checkSource(source: string, settings: Settings): Settings {
  try {
    checkConfig(settings);
  } catch (error) {
    throw new UsageError(`${source}${(error as Error).message}`, { cause: error });
  }
  return settings;
}

/** Whether the parser has no complaint but that the text ends too early. */
function isBeginningOfJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const at = / position (\d+)/.exec(message);
    return at ? Number(at[1]) >= text.length : message.includes("end of JSON input");
  }
}

/** Where a text ceases to be JSON; the parser does not always say. */
function placeOfFault(text: string): string {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isBeginningOfJson(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  const lines = text.slice(0, good).split("\n");
  return `line ${lines.length}, column ${lines[lines.length - 1].length + 1}`;
}

async function fromFile(path: string, readFile: (path: string) => Promise<string>): Promise<Settings> {
  let text: string;
  try {
    text = await readFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message;
    throw new UsageError(`Cannot read the settings in ${path}: ${why} (option --config)`, { cause: error });
  }
  let settings: unknown;
  try {
    settings = JSON.parse(text);
  } catch {
    // The parser's own words quote the text around the fault, where a token may stand.
    throw new UsageError(`Cannot read the settings in ${path}: from ${placeOfFault(text)} on it is no JSON`);
  }
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    throw new UsageError(`Cannot read the settings in ${path}: it must hold one JSON object of names and values`);
  }
  return checkSource(`${path}: `, settings as Settings);
}

function fromText(field: ConfigField, text: string): string | number | boolean {
  if (field.type === "string") return text;
  if (field.type === "boolean") {
    if (text === "true" || text === "1") return true;
    if (text === "false" || text === "0") return false;
    throw new UsageError(`Cannot use ${field.env}=${JSON.stringify(text)}: it must be true or false`);
  }
  if (text.trim() === "" || Number.isNaN(Number(text))) {
    throw new UsageError(`Cannot use ${field.env}=${JSON.stringify(text)}: it must be a number`);
  }
  return Number(text);
}

function fromEnvironment(environment: ConfigSources["environment"]): Settings {
  const settings: Settings = {};
  for (const field of configFields) {
    const text = environment(field.env);
    if (text === undefined) continue;
    Object.assign(settings, checkSource(`${field.env}: `, { [field.name]: fromText(field, text) }));
  }
  return settings;
}

function fromFlags(flags: ConfigSources["flags"]): Settings {
  const settings: Settings = {};
  for (const field of configFields) {
    if (flags.has(field.flag)) settings[field.name] = flags.get(field.flag);
  }
  return checkSource("", settings);
}

/** Settings from all sources. */
export interface Gathered {
  readonly config: Config;
  /** Which source gave `config.token`, if any did. */
  readonly tokenFrom: "file" | "environment" | "flags" | undefined;
}

/**
 * Gathers and checks the settings.
 *
 * @throws {UsageError} One line that names the file, variable or flag, the value, and what is allowed.
 */
export async function gatherConfig(sources: ConfigSources): Promise<Gathered> {
  const { flags, environment, readFile = (path: string) => Deno.readTextFile(path) } = sources;
  const path = flags.get(configFlag.name);
  const file = path === undefined ? {} : oneToken(await fromFile(String(path), readFile));
  const given = { file, environment: oneToken(fromEnvironment(environment)), flags: oneToken(fromFlags(flags)) };
  const names = ["file", "environment", "flags"] as const;
  const config = checkConfig(Object.assign({}, ...names.map((name) => given[name])));
  return { config, tokenFrom: config.token === "" ? undefined : names.findLast((name) => "token" in given[name]) };
}
