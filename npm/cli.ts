/**
 * `@std/cli` for the npm door: `parseArgs` over `minimist`, from which the original descends. What differs is
 * levelled here: a repeated option keeps its last value unless it is collected, and only negatable options
 * understand `--no-`.
 *
 * @module
 */
// @ts-types="npm:@types/minimist@^1"
import minimist from "npm:minimist@^1";

type Names<N extends string> = N | readonly N[];

/** Options of {@linkcode parseArgs}. */
export interface ParseOptions<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  N extends string = never,
> {
  /** Puts what follows `--` under that key instead of `_`. @default false */
  "--"?: boolean;
  /** Other names of an option. @default {{}} */
  alias?: Record<string, string | readonly string[]>;
  /** Options without a value, or `true` for all that have no equal sign. @default [] */
  boolean?: boolean | Names<B>;
  /** Values of options that are not given. @default {{}} */
  default?: Record<string, unknown>;
  /** Takes nothing after the first argument for an option. @default false */
  stopEarly?: boolean;
  /** Options whose value stays a string. @default [] */
  string?: Names<S>;
  /** Options whose values are collected in an array. @default [] */
  collect?: Names<C>;
  /** Options that `--no-` sets to false. @default [] */
  negatable?: Names<N>;
  /** Called for each argument that is none of the above; it is left out when this returns false. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What {@linkcode parseArgs} has found: a key an option, and the rest under `_`. */
export type Args<B extends string = never, S extends string = never, C extends string = never> =
  & { [name: string]: unknown }
  & { [K in B as K extends C ? never : K]: boolean }
  & { [K in S as K extends C ? never : K]?: string }
  & { [K in S as K extends C ? K : never]: string[] }
  & { [K in B as K extends C ? K : never]: boolean[] }
  & { _: (string | number)[]; "--": string[] };

const asList = (names: unknown): string[] => names ? (Array.isArray(names) ? names : [names as string]) : [];

/** Reads a command line. */
export function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const C extends string = never,
  const N extends string = never,
>(args: string[], options: ParseOptions<B, S, C, N> = {}): Args<B, S, C> {
  const alias = Object.fromEntries(Object.entries(options.alias ?? {}).map(([key, names]) => [key, asList(names)]));
  const withAliases = (names: unknown) =>
    new Set(
      asList(names).flatMap((name) => {
        const group = Object.entries(alias).map(([key, names]) => [key, ...names]).find((group) =>
          group.includes(name)
        );
        return group ?? [name];
      }),
    );
  const collect = withAliases(options.collect);
  const negatable = withAliases(options.negatable);
  const strings = withAliases(options.string);
  const booleans = options.boolean === true ? new Set<string>() : withAliases(options.boolean);
  const defaults = options.default ?? {};
  const { unknown } = options;

  // minimist takes `--no-x` for `x: false` always; as an option of its own name with a value it keeps its name.
  const plainNo = (arg: string) => /^--no-[^=]+$/.test(arg) && !negatable.has(arg.slice(5));
  const end = args.indexOf("--");
  const given = args.map((arg, i) => (end < 0 || i < end) && plainNo(arg) ? `${arg}=true` : arg);

  const parsed: Record<string, unknown> = minimist(given, {
    "--": options["--"] ?? false,
    alias,
    boolean: options.boolean === true ? true : [...booleans],
    string: [...strings],
    default: defaults,
    stopEarly: options.stopEarly ?? false,
    ...(unknown && { unknown: (arg: string) => tellUnknown(arg, unknown, plainNo) !== false }),
  });
  for (const arg of given.slice(0, end < 0 ? undefined : end)) {
    const key = arg.match(/^--(no-.+)=true$/)?.[1];
    if (key && key in parsed) parsed[key] = true;
  }
  for (const [key, value] of Object.entries(parsed)) {
    if (key === "_" || key === "--") continue;
    if (collect.has(key)) {
      if (!Array.isArray(value)) parsed[key] = booleans.has(key) && value === false ? [] : [value];
    } else if (Array.isArray(value) && value !== defaults[key]) parsed[key] = value.at(-1);
  }
  for (const key of collect) if (strings.has(key) || booleans.has(key)) parsed[key] ??= [];
  return parsed as Args<B, S, C>;
}

/** minimist names the argument alone; the key and value are read from it. */
function tellUnknown(
  arg: string,
  unknown: NonNullable<ParseOptions["unknown"]>,
  plainNo: (arg: string) => boolean,
): unknown {
  if (!/^-./.test(arg)) return unknown(arg);
  const [, key, value = true] = arg.match(/^--?([^=]+)(?:=(.*))?$/s) ?? [, arg.slice(1)];
  return value === "true" && plainNo(`--${key}`) ? unknown(`--${key}`, key, true) : unknown(arg, key, value);
}
