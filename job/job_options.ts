/**
 * A job's options: checked, filled from words of a command line, and described for people. Pure functions.
 *
 * @module
 */
import { closest } from "./closest.ts";
import { JobError } from "./errors.ts";
import type { JobOptions } from "./types.ts";

/** The values that options with such defaults can take: `{ size: 4000 }` becomes `{ readonly size: number }`. */
export type OptionValues<Defaults extends JobOptions> = {
  readonly [Name in keyof Defaults]: Defaults[Name] extends boolean ? boolean
    : Defaults[Name] extends number ? number
    : string;
};

/** Names that no option of a job can have, since the command line gives them another meaning. */
export const reservedOptionNames: readonly string[] = ["help", "version"];

/**
 * The flag of an option, with its dashes.
 *
 * @example
 * ```ts
 * import { optionFlag } from "@gristmill/gristmill/job";
 *
 * optionFlag("maxIterations"); // "--max-iterations"
 * ```
 */
export function optionFlag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const show = (value: unknown): string => typeof value === "string" ? JSON.stringify(value) : String(value);

function knownFlags(defaults: JobOptions): string {
  const flags = Object.keys(defaults).map(optionFlag);
  return flags.length === 0 ? "the job has no options" : `the job's options are ${flags.join(", ")}`;
}

function unknownOption(defaults: JobOptions, given: string, meant: string | undefined): JobError {
  const hint = meant === undefined ? "" : `did you mean ${meant}? `;
  return new JobError("option-invalid", `Unknown option ${given}: ${hint}${knownFlags(defaults)}`);
}

/**
 * Checks the defaults that a job declares.
 *
 * @throws {JobError} code `job-invalid`, for a name that is not camelCase or is reserved, or a value that is neither
 * a finite number nor a string nor a boolean.
 */
export function checkOptionDefaults(job: string, defaults: JobOptions): void {
  const complain = (name: string, what: string): never => {
    throw new JobError(
      "job-invalid",
      `Cannot define job ${JSON.stringify(job)}: option ${JSON.stringify(name)} ${what}`,
    );
  };
  for (const [name, value] of Object.entries(defaults)) {
    if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) complain(name, "is not named in camelCase, such as maxIterations");
    if (reservedOptionNames.includes(name) || name in Object.prototype) {
      complain(name, "has a reserved name: rename it");
    }
    if (!["number", "string", "boolean"].includes(typeof value)) {
      complain(name, `has the default ${show(value)}: it must be a number, a string or a boolean`);
    }
    if (typeof value === "number" && !Number.isFinite(value)) {
      complain(name, `has the default ${value}: it must be finite`);
    }
    const positive = `${name.charAt(2).toLowerCase()}${name.slice(3)}`;
    if (/^no[A-Z]/.test(name) && typeof defaults[positive] === "boolean") {
      complain(name, `has the flag that turns ${positive} off: rename it`);
    }
  }
}

/**
 * Fills in the defaults, and checks the names and types of what was given.
 *
 * @throws {JobError} code `option-invalid`, for an unknown name or a value of another type than its default.
 *
 * @example
 * ```ts
 * import { fillJobOptions } from "@gristmill/gristmill/job";
 *
 * fillJobOptions({ size: 4000, out: "a.png" }, { size: 100 }); // { size: 100, out: "a.png" }
 * ```
 */
export function fillJobOptions<Defaults extends JobOptions>(
  defaults: Defaults,
  given: Readonly<Record<string, unknown>>,
): OptionValues<Defaults> {
  const filled: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(defaults, name)) throw unknownOption(defaults, name, closest(name, Object.keys(defaults)));
    const wanted = typeof defaults[name];
    if (typeof value !== wanted || (wanted === "number" && !Number.isFinite(value))) {
      const kind = wanted === "number" ? "finite number" : wanted;
      throw new JobError(
        "option-invalid",
        `Cannot use ${name} = ${show(value)}: it must be a ${kind}, such as ${show(defaults[name])}`,
      );
    }
    filled[name] = value;
  }
  return filled as OptionValues<Defaults>;
}

function readValue(flag: string, fallback: JobOptions[string], word: string): JobOptions[string] {
  if (typeof fallback === "string") return word;
  if (typeof fallback === "boolean") {
    if (word === "true" || word === "false") return word === "true";
    throw new JobError("option-invalid", `Cannot read ${flag}=${word}: it must be true or false`);
  }
  const value = word.trim() === "" ? NaN : Number(word);
  if (Number.isFinite(value)) return value;
  throw new JobError("option-invalid", `Cannot read ${flag} ${show(word)}: it must be a number, such as ${fallback}`);
}

/** The options that were found among words of a command line, and the words that are left. */
export interface TakenOptions<Defaults extends JobOptions> {
  readonly options: OptionValues<Defaults>;
  readonly rest: string[];
}

/**
 * Takes a job's options out of words of a command line: `--max-iterations 1000`, `--max-iterations=1000`, `--shade`,
 * `--no-shade`. All other words are left, in their order, and everything from a bare `--` on. The last one counts.
 *
 * @throws {JobError} code `option-invalid`, for a missing value or one that cannot be read.
 */
export function takeJobOptions<Defaults extends JobOptions>(
  defaults: Defaults,
  args: readonly string[],
): TakenOptions<Defaults> {
  const names = new Map(Object.keys(defaults).map((name) => [optionFlag(name), name]));
  const options: Record<string, string | number | boolean> = { ...defaults };
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    if (args[index] === "--") {
      rest.push(...args.slice(index));
      break;
    }
    const [flag, ...parts] = args[index].split("=");
    const negated = flag.startsWith("--no-") ? names.get(`--${flag.slice(5)}`) : undefined;
    const name = names.get(flag);
    if (name === undefined) {
      if (negated !== undefined && parts.length === 0 && typeof defaults[negated] === "boolean") {
        options[negated] = false;
      } else rest.push(args[index]);
      continue;
    }
    if (parts.length > 0) options[name] = readValue(flag, defaults[name], parts.join("="));
    else if (typeof defaults[name] === "boolean") options[name] = true;
    else {
      const word = args[++index];
      if (word === undefined || word.startsWith("--")) {
        throw new JobError(
          "option-invalid",
          `Cannot read ${flag}: its value is missing (one that begins with dashes is given as ${flag}=VALUE)`,
        );
      }
      options[name] = readValue(flag, defaults[name], word);
    }
  }
  return { options: options as OptionValues<Defaults>, rest };
}

/**
 * Reads a job's options from words of a command line that hold nothing else.
 *
 * @throws {JobError} code `option-invalid`, for an unknown option, a missing value or one that cannot be read.
 *
 * @example
 * ```ts
 * import { parseJobOptions } from "@gristmill/gristmill/job";
 *
 * parseJobOptions({ maxIterations: 1000, shade: true }, ["--max-iterations", "4e3", "--no-shade"]);
 * // { maxIterations: 4000, shade: false }
 * ```
 */
export function parseJobOptions<Defaults extends JobOptions>(
  defaults: Defaults,
  args: readonly string[],
): OptionValues<Defaults> {
  const { options, rest } = takeJobOptions(defaults, args);
  if (rest.length === 0) return options;
  if (!rest[0].startsWith("-")) {
    throw new JobError("option-invalid", `Unexpected word ${show(rest[0])}: ${knownFlags(defaults)}`);
  }
  const [flag] = rest[0].split("=");
  throw unknownOption(defaults, flag, closestFlag(defaults, flag));
}

/**
 * The job's flag that a mistyped one most likely meant.
 *
 * @example
 * ```ts
 * import { closestFlag } from "@gristmill/gristmill/job";
 *
 * closestFlag({ maxIterations: 1000 }, "--max-iteration"); // "--max-iterations"
 * ```
 */
export function closestFlag(defaults: JobOptions, flag: string): string | undefined {
  const word = closest(flag.replace(/^-+/, ""), Object.keys(defaults).map((name) => optionFlag(name).slice(2)));
  return word === undefined ? undefined : `--${word}`;
}

/**
 * Describes a job's options for a help text, a line each.
 *
 * @example
 * ```ts
 * import { describeJobOptions } from "@gristmill/gristmill/job";
 *
 * describeJobOptions({ size: 4000, shade: true });
 * // ["--size NUMBER  (default 4000)", "--[no-]shade   (default true)"]
 * ```
 */
export function describeJobOptions(defaults: JobOptions): string[] {
  const left = Object.entries(defaults).map(([name, value]) => {
    const flag = optionFlag(name);
    if (typeof value === "boolean") return `--[no-]${flag.slice(2)}`;
    return `${flag} ${typeof value === "number" ? "NUMBER" : "TEXT"}`;
  });
  const width = Math.max(0, ...left.map((text) => text.length));
  return Object.values(defaults).map((value, index) => `${left[index].padEnd(width)}  (default ${show(value)})`);
}
