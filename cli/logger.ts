/**
 * The log of the command line: lines on the standard error, or appended to a file.
 *
 * @module
 */
import { BaseHandler, type LevelName, Logger as StdLogger } from "jsr:@std/log@^0.224";
import type { Logger, LogLevel } from "../actors/types.ts";
import { UsageError } from "./errors.ts";

type Fields = Readonly<Record<string, unknown>>;

function formatField(value: unknown): string {
  if (value instanceof Error) return value.stack ?? String(value);
  if (typeof value === "string") return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** Writes a line's text and its fields: `node joined name=lab1-4711 slots=8`. Stacks follow on further lines. */
export function formatFields(text: string, fields: Fields = {}): string {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const inline = entries.filter(([, value]) => !(value instanceof Error));
  const errors = entries.filter(([, value]) => value instanceof Error);
  return [
    [text, ...inline.map(([name, value]) => `${name}=${formatField(value)}`)].join(" "),
    ...errors.map(([, value]) => formatField(value)),
  ].join("\n");
}

class LineHandler extends BaseHandler {
  readonly #write: (line: string) => void;

  constructor(level: LevelName, write: (line: string) => void) {
    super(level, { formatter: ({ datetime, levelName, msg }) => `${datetime.toISOString()} ${levelName} ${msg}` });
    this.#write = write;
  }

  override log(line: string): void {
    this.#write(line);
  }
}

/** Opens a file to append lines to. @throws {UsageError} If it cannot be opened. */
export function openLogFile(path: string): (line: string) => void {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { append: true, create: true });
  } catch (error) {
    throw new UsageError(`Cannot append log lines to ${path}: ${(error as Error).message} (option --log-file)`, {
      cause: error,
    });
  }
  const encoder = new TextEncoder();
  return (line) => {
    let bytes = encoder.encode(`${line}\n`);
    while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
  };
}

/** Makes a logger that gives each line at or above `level` to `write`. */
export function createLogger(level: LogLevel, write: (line: string) => void): Logger {
  const levelName = level.toUpperCase() as LevelName;
  const logger = new StdLogger("gristmill", levelName, { handlers: [new LineHandler(levelName, write)] });
  const at = (name: LogLevel) => (text: string, fields?: Fields) => void logger[name](formatFields(text, fields));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
