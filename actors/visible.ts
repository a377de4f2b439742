/**
 * Text that others have written, for terminals and logs: what would steer a terminal, or make a line look like another,
 * is shown instead. Pure.
 *
 * @module
 */

// C0 and C1 controls and DEL but for tab and line feed, the separators of lines and paragraphs, and what changes the
// direction of text (Unicode TR 36, section 2.5.2): ESC and CSI begin the sequences of terminals.
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const steering = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const hex = (character: string, digits: number): string => character.charCodeAt(0).toString(16).padStart(digits, "0");

/**
 * Shows control characters as `\x1b`; tabs and line feeds stay.
 *
 * @example
 * ```ts
 * visible("\x1b[2Jhello"); // "\\x1b[2Jhello"
 * ```
 */
export function visible(text: string): string {
  return text.replace(steering, (found) => found < "\u0100" ? `\\x${hex(found, 2)}` : `\\u${hex(found, 4)}`);
}

/** Shows what `JSON.stringify` leaves as it is, in the JSON of any value: it stays JSON of the same value. */
export function visibleJson(json: string): string {
  return json.replace(steering, (found) => `\\u${hex(found, 4)}`);
}
