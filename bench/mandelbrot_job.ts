/**
 * The Mandelbrot kernel as a job that only adds up, so that the benchmark measures no colours and no files.
 *
 * @module
 */
import { countIterations, sumOf } from "../examples/mandelbrot/kernel.ts";
import { createChunkGrid, defineJob } from "../job/mod.ts";

/** The totals of the jobs that were run, in order. */
export const totals: number[] = [];

/** The job's options. */
export type OptionsOfMandelbrot = typeof job.options;

const job = defineJob({
  name: "bench-mandelbrot",
  options: { size: 1600, maxIterations: 1000, chunk: 100 },
  state: () => ({ total: 0 }),
  tasks: ({ size, chunk }) => createChunkGrid({ width: size, height: size, chunkWidth: chunk, chunkHeight: chunk }),
  // The counts travel, as in the example, though only their sum is wanted.
  compute: (tile, { options }) => countIterations(tile, options.size, options.maxIterations),
  collect(counts, _tile, { state }) {
    state.total += sumOf(counts);
  },
  finish(_summary, { state }) {
    totals.push(state.total);
  },
});

export default job;
