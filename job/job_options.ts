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

/** The flag of an option, with its dashes: `maxIterations` is `--max-iterations`. */
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

/** The option that a flag names; for `--no-shade` the option `shade`, taken back. */
function findOption(
  defaults: JobOptions,
  flag: string,
): { readonly name: string; readonly negated: boolean } | undefined {
  for (const [name, value] of Object.entries(defaults)) {
    const own = optionFlag(name);
    if (flag === own) return { name, negated: false };
    if (typeof value === "boolean" && flag === `--no-${own.slice(2)}`) return { name, negated: true };
  }
}

/**
 * Reads a job's options from words of a command line: `--max-iterations 1000`, `--max-iterations=1000`, `--shade`,
 * `--no-shade`. If one is given twice, the last one counts.
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
  const options: Record<string, string | number | boolean> = { ...defaults };
  for (let index = 0; index < args.length; index++) {
    const [flag, ...parts] = args[index].split("=");
    const option = findOption(defaults, flag);
    if (!option || (option.negated && parts.length > 0)) throw unknownWord(defaults, flag);
    const { name, negated } = option;
    if (parts.length > 0) options[name] = readValue(flag, defaults[name], parts.join("="));
    else if (typeof defaults[name] === "boolean") options[name] = !negated;
    else options[name] = readValue(flag, defaults[name], valueOf(flag, args[++index]));
  }
  return options as OptionValues<Defaults>;
}

function valueOf(flag: string, word: string | undefined): string {
  if (word !== undefined && !word.startsWith("--")) return word;
  throw new JobError(
    "option-invalid",
    `Cannot read ${flag}: its value is missing (one that begins with dashes is given as ${flag}=VALUE)`,
  );
}

function unknownWord(defaults: JobOptions, word: string): JobError {
  if (!word.startsWith("-")) {
    return new JobError("option-invalid", `Unexpected word ${show(word)}: ${knownFlags(defaults)}`);
  }
  const names = Object.keys(defaults).map((name) => optionFlag(name).slice(2));
  const meant = closest(word.replace(/^-+/, ""), names);
  return unknownOption(defaults, word, meant && `--${meant}`);
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
