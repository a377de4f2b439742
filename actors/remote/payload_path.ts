/**
 * Where in a value something is, as people would write it.
 *
 * @module
 */

/** One step into a value: a key, an index, or a place in a map or a set. */
export type Step =
  | string
  | number
  | { readonly in: "map"; readonly index: number; readonly key: unknown }
  | { readonly in: "keys" | "values"; readonly index: number };

/** How many steps are shown at each end of a long path. */
const stepsShown = 8;

/** Writes a path, such as `result.items[3].table.get("a")`. The middle of a long one is left out. */
export function formatPath(rootName: string, path: readonly Step[]): string {
  if (path.length <= 2 * stepsShown) return rootName + path.map(formatStep).join("");
  const head = path.slice(0, stepsShown).map(formatStep).join("");
  const tail = path.slice(-stepsShown).map(formatStep).join("");
  return `${rootName}${head} ... ${tail}`;
}

function formatStep(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step === "string") return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step) ? `.${step}` : `[${quote(step)}]`;
  if (step.in !== "map") return `.${step.in}()[${step.index}]`;
  return `.get(${formatKey(step.key) ?? `keys()[${step.index}]`})`;
}

function formatKey(key: unknown): string | undefined {
  if (typeof key === "string") return quote(key);
  if (typeof key === "bigint") return `${key}n`;
  return key === null || typeof key !== "object" && typeof key !== "function" ? String(key) : undefined;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
