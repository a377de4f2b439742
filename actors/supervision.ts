/**
 * What happens to an actor that fails: the budget of its restarts, and how long it waits for the next one.
 *
 * @module
 */
import type { Random, RestartPolicy } from "./types.ts";

/** No restart waits longer than this, in milliseconds. */
const backoffMaxMs = 30_000;
/** More doublings change nothing, for the bound above is reached; and they must not reach infinity. */
const doublingsMax = 100;

/** Options of {@linkcode restart}. */
export type RestartOptions = Omit<RestartPolicy, "kind">;

/**
 * Makes a supervision that restarts a child when its handler throws or rejects.
 *
 * The child's own children are stopped first. Its mailbox survives, the failing message does not. The wait before a
 * restart is drawn from `[0, backoffMs * 2 ** n)`, where n counts the restarts before it in the window, and is at most
 * 30 s ("full jitter": M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 *
 * @throws {RangeError} if an option is out of its range
 *
 * @example Restart at most 5 times a minute
 * ```ts
 * import { createSystem, restart } from "@gristmill/gristmill/actors";
 *
 * const system = createSystem();
 * const supervision = restart({ max: 5, withinMs: 60_000, backoffMs: 100 });
 * system.spawn<string>(() => (text) => void JSON.parse(text), { supervision });
 * await system.stop();
 * ```
 */
export function restart(options: RestartOptions): RestartPolicy {
  const { max, withinMs, backoffMs } = options;
  if (max !== Infinity && !(Number.isInteger(max) && max >= 0)) throw outOfRange("max", max, "an integer from 0");
  if (!(withinMs > 0)) throw outOfRange("withinMs", withinMs, "more than 0");
  if (!(backoffMs >= 0 && backoffMs < Infinity)) throw outOfRange("backoffMs", backoffMs, "a number from 0");
  return { kind: "restart", max, withinMs, backoffMs };
}

function outOfRange(option: string, value: unknown, wanted: string): RangeError {
  return new RangeError(`Cannot make a restart policy: ${option} is ${value}, want ${wanted}`);
}

/**
 * Decides about one more restart.
 *
 * @param spent The moments of the restarts so far; those out of the window are taken away, a granted one is added
 * @returns The wait in milliseconds, or `undefined` when the budget is spent
 */
export function grantRestart(policy: RestartPolicy, spent: number[], now: number, random: Random): number | undefined {
  let old = 0;
  while (old < spent.length && spent[old] <= now - policy.withinMs) old++;
  spent.splice(0, old);
  const before = spent.length;
  if (before >= policy.max) return undefined;
  spent.push(now);
  return random.next() * Math.min(backoffMaxMs, policy.backoffMs * 2 ** Math.min(before, doublingsMax));
}

/** A message's kind in one word, for the log: its `type` if it has one, else its class. Never its content. */
export function describeMessage(message: unknown): string {
  if (typeof message !== "object" || message === null) return message === null ? "null" : typeof message;
  try {
    const { type, constructor } = message as { type?: unknown; constructor?: { name?: unknown } };
    if (typeof type === "string") return type;
    return typeof constructor?.name === "string" ? constructor.name : "object";
  } catch {
    return "object";
  }
}
