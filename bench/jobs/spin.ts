/**
 * Arithmetic that takes a known number of steps and that no compiler takes away.
 *
 * @module
 */

/** Takes `steps` steps. @returns a number that depends on all of them */
export function spin(steps: number): number {
  let state = 1;
  for (let step = 0; step < steps; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return state;
}
