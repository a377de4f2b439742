/**
 * Whether enough results of one task agree. Pure.
 *
 * @module
 */
import type { MaybePromise } from "../job/types.ts";

/**
 * Looks for a result that so many results agree with, itself included.
 *
 * @param values The results, in order of arrival
 * @param quorum How many must agree
 * @returns the place of the first such result; `undefined` if there is none
 */
export async function agreeing(
  values: readonly unknown[],
  quorum: number,
  agree: (a: unknown, b: unknown) => MaybePromise<boolean>,
): Promise<number | undefined> {
  for (const [place, value] of values.entries()) {
    let count = 0;
    for (const [other, otherValue] of values.entries()) {
      if (other === place || await agree(value, otherValue)) count++;
    }
    if (count >= quorum) return place;
  }
  return undefined;
}
