/**
 * Log lines, on the standard error or in a file. The one place that knows the logging library.
 *
 * @module
 */
import { BaseHandler, Logger as LibraryLogger, type LogRecord } from "jsr:@std/log@^0.224";
import type { Logger, LogLevel } from "./types.ts";
import { visible, visibleJson } from "./visible.ts";

/** Options of {@linkcode createLogger}. */
export interface LoggerOptions {
  /** The least grave level that is written. @default "info" */
  readonly level?: LogLevel;
  /** Lines are appended to this file. @default the standard error */
  readonly file?: string;
  /** Takes the lines, without their line feeds, in place of a file. @default none */
  readonly write?: (line: string) => void;
  /** Stands before each text, such as the name of the program. @default none */
  readonly prefix?: string;
  /** Whether lines are JSON objects with `time`, `level`, `text`, and the fields. @default false */
  readonly json?: boolean;
}

const libraryLevels = { debug: "DEBUG", info: "INFO", warn: "WARN", error: "ERROR" } as const;

/**
 * Makes a logger. A line that cannot be written, say because the disk is full, is lost in silence: logging must not be
 * what ends a program.
 *
 * @throws {RangeError} if there is no such level
 *
 * @example
 * ```ts
 * import { createLogger } from "@gristmill/gristmill/actors";
 *
 * const log = createLogger({ level: "warn", prefix: "mill" });
 * log.info("not written");
 * log.warn("the river is low", { levelCm: 31 });
 * ```
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "info", file, write, prefix, json = false } = options;
  if (!Object.hasOwn(libraryLevels, level)) {
    throw new RangeError(`Cannot make a logger: level is ${level}, want ${Object.keys(libraryLevels).join(", ")}`);
  }
  const format = json ? formatJson : formatText;
  const handler = new LineHandler(file, write, (record) => format(record, prefix));
  const library = new LibraryLogger(prefix ?? "", libraryLevels[level], { handlers: [handler] });
  return {
    debug: (text, fields) => void library.debug(text, fields),
    info: (text, fields) => void library.info(text, fields),
    warn: (text, fields) => void library.warn(text, fields),
    error: (text, fields) => void library.error(text, fields),
  };
}

/** Writes each line at once, so that none is lost in a crash. */
class LineHandler extends BaseHandler {
  readonly #file: string | undefined;
  readonly #write: ((line: string) => void) | undefined;

  constructor(
    file: string | undefined,
    write: ((line: string) => void) | undefined,
    formatter: (record: LogRecord) => string,
  ) {
    super("DEBUG", { formatter });
    this.#file = file;
    this.#write = write;
  }

  override log(line: string): void {
    try {
      if (this.#write) return this.#write(line);
      // The file is opened for each line: it may be moved away meanwhile, and nobody has to close it.
      if (this.#file !== undefined) return Deno.writeTextFileSync(this.#file, line + "\n", { append: true });
      let bytes = new TextEncoder().encode(line + "\n");
      while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
    } catch {
      // See createLogger.
    }
  }
}

function fieldsOf(record: LogRecord): Record<string, unknown> {
  return (record.args[0] ?? {}) as Record<string, unknown>;
}

function formatText(record: LogRecord, prefix: string | undefined): string {
  let line = `${record.datetime.toISOString()} ${record.levelName.padEnd(5)} `;
  if (prefix !== undefined) line += `${prefix}: `;
  line += record.msg;
  let details = "";
  for (const [key, value] of Object.entries(fieldsOf(record))) {
    if (value === undefined) continue;
    if (value instanceof Error) details += `\n${describeError(value)}`;
    else line += ` ${key}=${typeof value === "string" && !/\s|^$/.test(value) ? value : toJson(value)}`;
  }
  return escape(line + details);
}

/** Keeps what others have written from looking like a line of its own, and from steering the terminal. */
function escape(text: string): string {
  return visible(text).replaceAll("\n", "\n    ");
}

function describeError(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${describeError(error.cause)}` : "";
  return (error.stack ?? `${error.name}: ${error.message}`) + cause;
}

function formatJson(record: LogRecord, prefix: string | undefined): string {
  const head = { time: record.datetime.toISOString(), level: record.levelName.toLowerCase(), prefix, text: record.msg };
  const fields = fieldsOf(record);
  const line = { ...fields, ...head };
  try {
    return visibleJson(JSON.stringify(line, plainValue));
  } catch {
    const safe = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, toJson(value)]));
    return visibleJson(JSON.stringify({ ...safe, ...head }));
  }
}

function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, stack, cause };
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, plainValue) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
