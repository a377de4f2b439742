/**
 * Texts for people, as long as they may be on the wire.
 *
 * @module
 */

/** The longest text in a control message or a failure, in UTF-16 code units; a longer one is cut. */
export const textLengthMax = 64 * 1024;

/** The text, or its first part with a mark. */
export function cutText(text: string, lengthMax = textLengthMax): string {
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax - 100).toWellFormed()} ... (${text.length - lengthMax + 100} more characters)`;
}
