/** How a seed is run again. @module */
import type { Size } from "./scenario.ts";

/** The command that runs one seed again. */
export const replayCommand = (seed: number, { nodes, tasks }: Size): string =>
  `npm run simulate -- --seed ${seed} --seeds 1 --nodes ${nodes} --tasks ${tasks}`;
