/**
 * A worker: the Mandelbrot kernel, tile after tile as the job does it, and nothing else.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { countIterations, sumOf } from "../examples/mandelbrot/kernel.ts";
import { createChunkGrid } from "../job/mod.ts";
import type { OptionsOfMandelbrot } from "./mandelbrot_job.ts";

self.onmessage = ({ data: { size, maxIterations, chunk } }: MessageEvent<OptionsOfMandelbrot>) => {
  let total = 0;
  for (const tile of createChunkGrid({ width: size, height: size, chunkWidth: chunk, chunkHeight: chunk })) {
    total += sumOf(countIterations(tile, size, maxIterations));
  }
  self.postMessage(total);
};
