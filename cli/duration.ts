/**
 * Lengths of time as people and batch systems write them.
 *
 * @module
 */
import { UsageError } from "./errors.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const seconds = /^\d+(\.\d+)?$/;
const units = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/i;
/** `D-HH`, `D-HH:MM`, `D-HH:MM:SS`: https://slurm.schedmd.com/sbatch.html#OPT_time */
const days = /^(\d+)-(\d+)(?::(\d+))?(?::(\d+))?$/;
/** `HH:MM:SS` or `MM:SS`, of the same source. */
const clock = /^(?:(\d+):)?(\d+):(\d+)$/;

function sum(match: RegExpMatchArray): number {
  const [daysGiven, hours, minutes, rest] = match.slice(1, 5).map((digits) => Number(digits ?? 0));
  return daysGiven * dayMs + hours * hourMs + minutes * minuteMs + rest * secondMs;
}

/**
 * Reads a length of time: seconds (`90`), units (`2h30m`), or as Slurm has it (`1-12:00:00`, `04:30:00`).
 *
 * @param flag Its option, without the dashes
 * @returns milliseconds.
 * @throws {UsageError} When it is none of these.
 *
 * @example
 * ```ts
 * parseDuration("lifetime", "2h30m"); // 9000000
 * ```
 */
export function parseDuration(flag: string, text: string): number {
  if (seconds.test(text)) return Number(text) * secondMs;
  const match = (text === "" ? null : text.match(units)) ?? text.match(days);
  if (match) return sum(match);
  const [, hours = 0, minutes, rest] = text.match(clock) ?? [];
  if (minutes !== undefined) return Number(hours) * hourMs + Number(minutes) * minuteMs + Number(rest) * secondMs;
  throw new UsageError(
    `Cannot use --${flag} ${JSON.stringify(text)}: it must be a length of time, such as 90 (seconds), 2h30m or ` +
      "1-12:00:00",
  );
}
