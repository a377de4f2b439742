/**
 * What a task asks of a node's labels. Pure functions.
 *
 * @module
 */

/** Multiples of 1024, by the letter behind a number. */
const units: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** A requirement of one label: equal to a text, or compared with a number. */
export type Requirement =
  | { readonly is: "="; readonly text: string }
  | { readonly is: ">=" | ">" | "<=" | "<"; readonly value: number };

/** Reads `64g` and the like; `undefined` for what is no number. */
function parseNumber(text: string): number | undefined {
  const [, digits, unit] = text.trim().toLowerCase().match(/^(-?\d+(?:\.\d+)?)([kmgt]?)$/) ?? [];
  return digits === undefined ? undefined : Number(digits) * units[unit];
}

function unreadable(text: unknown, what: string): RangeError {
  const shown = typeof text === "string" ? JSON.stringify(text) : String(text);
  return new RangeError(`Cannot use the requirement ${shown}: ${what}`);
}

/**
 * Reads a requirement: an equality, such as `1` or `arm64`, or a comparison, such as `>=64g`.
 *
 * @throws {RangeError} If it is empty, begins with a sign that is none of `>=`, `>`, `<=` and `<`, or if a comparison
 * is not followed by a number.
 *
 * @example
 * ```ts
 * parseRequirement(">=64g"); // { is: ">=", value: 68719476736 }
 * ```
 */
export function parseRequirement(text: string): Requirement {
  if (typeof text !== "string") throw unreadable(text, "it must be a text");
  const [, is, rest] = text.trim().match(/^([<>=!~]*)(.*)$/s)!;
  if (is === "") {
    if (rest === "") throw unreadable(text, "it is empty");
    return { is: "=", text: rest };
  }
  if (is !== ">=" && is !== ">" && is !== "<=" && is !== "<") {
    throw unreadable(text, `${is} is none of >=, >, <= and <; what a label must be equal to is written without a sign`);
  }
  const value = parseNumber(rest);
  if (value === undefined) throw unreadable(text, `${is} wants a number, such as ${is}64g`);
  return { is, value };
}

function meetsOne(label: string | undefined, requirement: Requirement): boolean {
  if (label === undefined) return false;
  const value = parseNumber(label);
  if (requirement.is === "=") {
    const wanted = parseNumber(requirement.text);
    return label === requirement.text || (wanted !== undefined && wanted === value);
  }
  if (value === undefined) return false;
  switch (requirement.is) {
    case ">=":
      return value >= requirement.value;
    case ">":
      return value > requirement.value;
    case "<=":
      return value <= requirement.value;
    case "<":
      return value < requirement.value;
  }
}

/**
 * Whether a node with these labels meets all requirements. A label that is missing meets none.
 *
 * @throws {RangeError} If a requirement cannot be read.
 */
export function meets(
  labels: Readonly<Record<string, string>>,
  requires: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(requires).every(([name, text]) => {
    return meetsOne(Object.hasOwn(labels, name) ? labels[name] : undefined, parseRequirement(text));
  });
}

/**
 * The same text for the same requirements, in whatever order and however they were written: `>=1g` is `>= 1024m`.
 *
 * @throws {RangeError} If a requirement cannot be read.
 */
export function requirementKey(requires: Readonly<Record<string, string>>): string {
  const parts = Object.entries(requires).map(([name, text]) => {
    const requirement = parseRequirement(text);
    const operand = requirement.is === "=" ? parseNumber(requirement.text) ?? requirement.text : requirement.value;
    return [name, requirement.is, operand] as const;
  });
  return JSON.stringify(parts.sort(([a], [b]) => a < b ? -1 : 1));
}
