/**
 * "Did you mean": the known word that is nearest to a mistyped one.
 *
 * @module
 */
import { closest } from "../job/closest.ts";

/** The end of an error message about an unknown word: `; did you mean X?`, or nothing when no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const nearest = closest(word, known);
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}
