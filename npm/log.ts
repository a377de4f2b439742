/**
 * `@std/log` for the npm door, as far as Gristmill uses it: `loglevel` decides what is written, handlers write it.
 *
 * @module
 */
import loglevel from "npm:loglevel@^1";

/** The levels and their numbers. */
export const LogLevels = { NOTSET: 0, DEBUG: 10, INFO: 20, WARN: 30, ERROR: 40, CRITICAL: 50 } as const;

/** The name of a level. */
export type LevelName = keyof typeof LogLevels;

/** The number of a level. */
export type LogLevel = (typeof LogLevels)[LevelName];

const libraryLevels = {
  NOTSET: "trace",
  DEBUG: "debug",
  INFO: "info",
  WARN: "warn",
  ERROR: "error",
  CRITICAL: "silent",
} as const;

function levelByName(name: LevelName): LogLevel {
  const level = LogLevels[name];
  if (level === undefined) throw new Error(`Cannot get log level: no level named ${name}`);
  return level;
}

/** One line on its way to the handlers. */
export class LogRecord {
  readonly msg: string;
  readonly args: unknown[];
  readonly level: number;
  readonly levelName: string;
  readonly loggerName: string;
  readonly datetime: Date = new Date();

  constructor(options: { msg: string; args: unknown[]; level: LogLevel; loggerName: string }) {
    this.msg = options.msg;
    this.args = [...options.args];
    this.level = options.level;
    this.levelName = Object.entries(LogLevels).find(([, level]) => level === options.level)![0];
    this.loggerName = options.loggerName;
  }
}

/** Makes the text of a record. */
export type FormatterFunction = (logRecord: LogRecord) => string;

/** Writes the records at or above its level. */
export abstract class BaseHandler {
  readonly levelName: LevelName;
  readonly level: LogLevel;
  formatter: FormatterFunction;

  constructor(levelName: LevelName, options: { formatter?: FormatterFunction } = {}) {
    this.levelName = levelName;
    this.level = levelByName(levelName);
    this.formatter = options.formatter ?? ((record) => `${record.levelName} ${record.msg}`);
  }

  handle(logRecord: LogRecord): void {
    if (logRecord.level >= this.level) this.log(this.format(logRecord));
  }

  format(logRecord: LogRecord): string {
    return this.formatter(logRecord);
  }

  abstract log(msg: string): void;

  setup(): void {}

  destroy(): void {}
}

/** Gives the lines at or above its level to its handlers. */
export class Logger {
  readonly loggerName: string;
  handlers: BaseHandler[];
  readonly #library: loglevel.Logger;
  #levelName: LevelName;

  constructor(loggerName: string, levelName: LevelName, options: { handlers?: BaseHandler[] } = {}) {
    this.loggerName = loggerName;
    this.handlers = options.handlers ?? [];
    // A symbol, since the library keeps one logger a name and these are as many as are made.
    this.#library = loglevel.getLogger(Symbol(loggerName));
    this.#library.methodFactory = (method) => {
      const level = LogLevels[method.toUpperCase() as LevelName];
      return (msg: string, ...args: unknown[]) => {
        const record = new LogRecord({ msg, args, level, loggerName });
        for (const handler of this.handlers) handler.handle(record);
      };
    };
    this.#levelName = levelName;
    this.levelName = levelName;
  }

  get level(): LogLevel {
    return LogLevels[this.#levelName];
  }

  get levelName(): LevelName {
    return this.#levelName;
  }

  set levelName(name: LevelName) {
    levelByName(name);
    this.#levelName = name;
    this.#library.setLevel(libraryLevels[name], false);
  }

  debug(msg: string, ...args: unknown[]): string {
    this.#library.debug(msg, ...args);
    return msg;
  }

  info(msg: string, ...args: unknown[]): string {
    this.#library.info(msg, ...args);
    return msg;
  }

  warn(msg: string, ...args: unknown[]): string {
    this.#library.warn(msg, ...args);
    return msg;
  }

  error(msg: string, ...args: unknown[]): string {
    this.#library.error(msg, ...args);
    return msg;
  }
}
