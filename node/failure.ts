/**
 * Turns whatever user code threw into a report that can travel. Nothing in here throws.
 *
 * @module
 */
import type { TaskFailure } from "../actors/remote/protocol.ts";

/** What is longer is cut. */
const messageCharsMax = 4096;
const stackCharsMax = 16_384;
/** How many causes of causes are told. */
const causesMax = 4;

const cut = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max)}... (${text.length - max} more characters)`;

function stackOf(error: Error): string | undefined {
  const parts = [error.stack];
  let cause = error.cause;
  for (let depth = 0; cause !== undefined && depth < causesMax; depth++) {
    parts.push(`Caused by: ${cause instanceof Error ? cause.stack ?? String(cause) : String(cause)}`);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  const text = parts.filter((part) => typeof part === "string").join("\n");
  return text === "" ? undefined : cut(text, stackCharsMax);
}

/**
 * Describes a thrown value. An `Error` gives its name, message and stack with its causes; anything else is shown.
 *
 * @example
 * ```ts
 * failureOf("error", new TypeError("no such cell")).name; // "TypeError"
 * failureOf("error", 42).message; // "a value that is no Error was thrown: 42"
 * ```
 */
export function failureOf(kind: TaskFailure["kind"], thrown: unknown): TaskFailure {
  try {
    if (thrown instanceof Error) {
      const stack = stackOf(thrown);
      return {
        kind,
        name: cut(String(thrown.name), messageCharsMax),
        message: cut(String(thrown.message), messageCharsMax),
        ...(stack === undefined ? {} : { stack }),
      };
    }
    const shown = cut(Deno.inspect(thrown, { depth: 3, strAbbreviateSize: messageCharsMax }), messageCharsMax);
    return { kind, name: "NonError", message: `a value that is no Error was thrown: ${shown}` };
  } catch {
    return { kind, name: "NonError", message: "a value was thrown that cannot be shown" };
  }
}
