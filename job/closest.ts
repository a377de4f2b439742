/** Finding the word that was meant. @module */

/**
 * How many letters must be inserted, removed, replaced, or swapped with their neighbour to turn one word into the other
 * (optimal string alignment, after Damerau 1964).
 */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? rows[i - 2][j - 2] + 1 : Infinity;
      rows[i].push(Math.min(rows[i][j - 1] + 1, rows[i - 1][j] + 1, replaced, swapped));
    }
  }
  return rows[a.length][b.length];
}

/**
 * The candidate that a mistyped word most likely meant.
 *
 * @returns `undefined` if none differs in fewer than half of its letters and in at most three.
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
