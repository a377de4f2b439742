/**
 * Reads flags from a command line.
 *
 * @module
 */
import { parseArgs } from "jsr:@std/cli@^1";
import { UsageError } from "./errors.ts";
import { didYouMean } from "./suggest.ts";

/** One flag that a verb knows. */
export interface Flag {
  /** The name, without the dashes. */
  readonly name: string;
  /**
   * `list` may be given several times. `grant` stands alone (`true`), or has values behind `=`, separated by commas (a
   * list); it may be given several times.
   */
  readonly type: "string" | "number" | "boolean" | "list" | "grant";
  /** One line for people. */
  readonly help: string;
  /** What stands for the value in help texts. @default the type in capitals */
  readonly placeholder?: string;
  /** For strings: whether `--no-NAME` says that there is none; the value is `false` then. @default false */
  readonly isRefusable?: boolean;
}

/** The value of a flag that was given. */
export type FlagValue = string | number | boolean | readonly string[];

/** A command line, read. */
export interface Arguments {
  /** The flags that were given, and only these. */
  readonly flags: ReadonlyMap<string, FlagValue>;
  /** What is no flag, in order. */
  readonly positionals: readonly string[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
}

/** Joins `--left -2` into `--left=-2`, for the parser takes what begins with a dash as a flag. */
function joinNegativeNumbers(args: readonly string[], flags: readonly Flag[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    const takesValue = flags.some((flag) => flag.type !== "boolean" && before === `--${flag.name}`);
    if (takesValue && /^-(\.?\d|Infinity)/.test(arg)) joined[joined.length - 1] = `${before}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** Whether `--no-NAME` is the last word about a flag that can be refused. */
function isRefused({ name, isRefusable }: Flag, words: readonly string[]): boolean {
  if (!isRefusable) return false;
  const isLater = (word: string) => word === `--${name}` || word.startsWith(`--${name}=`);
  return words.lastIndexOf(`--no-${name}`) > words.findLastIndex(isLater);
}

/** The value of a flag of the type `grant`. @throws {UsageError} If what stands behind `=` is no list of values. */
function grantValue({ name }: Flag, words: readonly string[]): FlagValue | undefined {
  const given = words.filter((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  if (given.length === 0) return undefined;
  if (given.includes(`--${name}`)) return true;
  const values = given.flatMap((word) => word.slice(name.length + 3).split(","));
  if (values.includes("")) {
    throw new UsageError(
      `Cannot use ${given.join(" ")}: give values behind =, separated by commas, or --${name} alone`,
    );
  }
  return values;
}

function flagValue(flag: Flag, given: readonly unknown[]): FlagValue {
  if (flag.type === "boolean") {
    const last = given.at(-1);
    if (typeof last !== "boolean") {
      throw new UsageError(`Cannot read --${flag.name}=${last}: it is either --${flag.name} or --no-${flag.name}`);
    }
    return last;
  }
  const texts = given.map(String);
  if (texts.includes("")) throw new UsageError(`--${flag.name} needs a value (--${flag.name} ${placeholderOf(flag)})`);
  if (flag.type === "list") return texts;
  const last = texts.at(-1) as string;
  if (flag.type === "string") return last;
  const number = Number(last);
  if (last.trim() === "" || Number.isNaN(number)) {
    throw new UsageError(`Cannot use --${flag.name} ${JSON.stringify(last)}: it must be a number`);
  }
  return number;
}

/** What stands for a flag's value in help texts. */
export function placeholderOf(flag: Flag): string {
  return flag.placeholder ?? { string: "TEXT", number: "N", boolean: "", list: "TEXT", grant: "VALUE" }[flag.type];
}

/**
 * Reads a command line. Booleans can be taken back with `--no-NAME`; of a flag that is given twice the last one
 * counts, except for lists.
 *
 * @param hint What the message about an unknown flag says when no known one is near
 * @throws {UsageError} For a flag that is not known, or a value of the wrong type.
 *
 * @example
 * ```ts
 * const { flags, positionals } = parseArguments(["job.ts", "--workers", "4"], [
 *   { name: "workers", type: "number", help: "tasks computed at once" },
 * ]);
 * ```
 */
export function parseArguments(args: readonly string[], all: readonly Flag[], hint = ""): Arguments {
  const end = args.indexOf("--");
  const grants = all.filter(({ type }) => type === "grant");
  const flags = all.filter(({ type }) => type !== "grant");
  const isGrant = (word: string) => grants.some(({ name }) => word === `--${name}` || word.startsWith(`--${name}=`));
  const words = end === -1 ? args : args.slice(0, end);
  const own = words.filter((word) => !isGrant(word));
  const booleans = flags.filter((flag) => flag.type === "boolean").map((flag) => flag.name);
  const names = flags.map((flag) => flag.name);
  const refusals = flags.filter((flag) => flag.isRefusable).map(({ name }) => `--no-${name}`);
  const strings = names.filter((name) => !booleans.includes(name));
  const parsed = parseArgs(joinNegativeNumbers(own.filter((word) => !refusals.includes(word)), flags), {
    collect: strings,
    boolean: booleans,
    negatable: booleans,
    // Tells a flag that is not given from one that is taken back.
    default: Object.fromEntries(booleans.map((name) => [name, null])),
    string: ["_", ...strings],
    unknown: (arg: string, key?: string) => {
      if (key === undefined) return true;
      const typed = arg.split("=")[0];
      throw new UsageError(
        `Unknown option ${typed}${didYouMean(typed, all.map(({ name }) => name).map((name) => `--${name}`)) || hint}`,
      );
    },
  }) as Record<string, unknown> & { _: unknown[] };

  const values = new Map<string, FlagValue>();
  for (const grant of grants) {
    const value = grantValue(grant, words);
    if (value !== undefined) values.set(grant.name, value);
  }
  for (const flag of flags) {
    if (isRefused(flag, own)) {
      values.set(flag.name, false);
      continue;
    }
    const given = [parsed[flag.name]].flat().filter((value) => value !== undefined && value !== null);
    if (given.length > 0) values.set(flag.name, flagValue(flag, given));
  }
  return { flags: values, positionals: parsed._.map(String), rest: end === -1 ? [] : args.slice(end + 1) };
}
