/**
 * Draws the Mandelbrot set: a tile a task, and Gristmill keeps the books.
 *
 * @module
 */
// The job's own entry, not the whole package: every worker loads this file.
import { Array2D, createChunkGrid, defineJob } from "../../job/mod.ts";
import { countIterations, countsKind } from "./kernel.ts";
import { checkOptions, defaultOptions, type PictureOptions } from "./options.ts";
import { checkFolder, writePicture } from "./output.ts";

const tilesOf = ({ size, chunk }: PictureOptions) =>
  createChunkGrid({ width: size, height: size, chunkWidth: chunk, chunkHeight: chunk });

export default defineJob({
  name: "mandelbrot",
  options: defaultOptions,
  state(options) {
    checkOptions(options);
    checkFolder(options.out);
    return Array2D.create(countsKind(options.maxIterations), options.size, options.size);
  },
  tasks: (options) => tilesOf(options),
  total: (options) => tilesOf(options).count,
  compute: (tile, { options }) => countIterations(tile, options.size, options.maxIterations),
  collect(counts, { x, y, width, height }, { state: picture }) {
    picture.setRegion(x, y, { width, height, data: counts });
  },
  async finish({ outcome }, { state: picture, options }) {
    if (outcome === "complete") await writePicture(picture.data, options);
  },
});
