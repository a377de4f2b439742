/** Finding the word that was meant. @module */

/** How many letters must be inserted, removed or replaced to turn one word into the other (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}

/**
 * The candidate that a mistyped word most likely meant.
 *
 * @returns `undefined` if none differs in fewer than half of its letters and in at most three.
 *
 * @example
 * ```ts
 * import { closest } from "@gristmill/gristmill/job";
 *
 * closest("size", ["seize", "chunk"]); // "seize"
 * ```
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = 4;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least && distance * 2 < candidate.length) [best, least] = [candidate, distance];
  }
  return best;
}
