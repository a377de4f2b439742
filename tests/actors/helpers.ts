import type { Logger, LogLevel } from "../../actors/mod.ts";

/** What was logged. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that keeps its lines. */
export function recordingLogger(): { readonly logger: Logger; readonly entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  const keep = (level: LogLevel) => (text: string, fields = {}) => void entries.push({ level, text, fields });
  return { logger: { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") }, entries };
}

/** A promise that never settles. */
export function never(): Promise<never> {
  return new Promise(() => {});
}
