/**
 * Draws the Mandelbrot set as a job that keeps its own books, with the chunk helpers.
 *
 * @module
 */
// The job's own entry, not the whole package: every worker loads this file.
import { Array2DChunk, type Array2DData, ChunkList, defineJobPair } from "../../job/mod.ts";
import { countIterations, type Counts, countsKind } from "../mandelbrot/kernel.ts";
import { checkOptions, defaultOptions } from "../mandelbrot/options.ts";
import { checkFolder, writePicture } from "../mandelbrot/output.ts";

/** A chunk's counts, on their way to the server. */
interface Computed {
  readonly id: number;
  readonly counts: Array2DData<Counts>;
}

export default defineJobPair({
  name: "mandelbrot-chunks",
  options: defaultOptions,
  server(options) {
    checkOptions(options);
    checkFolder(options.out);
    const { size, maxIterations, chunk } = options;
    const picture = Array2DChunk.create(countsKind(maxIterations), {
      width: size,
      height: size,
      chunkWidth: chunk,
      chunkHeight: chunk,
    });
    const chunks = ChunkList.of(picture.grid);
    return {
      initialData: () => ({ size, maxIterations }),
      prepareDataForNode(node) {
        const free = chunks.next(node);
        if (free) return { status: "unfinished", data: free.data };
        return { status: chunks.allFinished ? "finished" : "waiting" };
      },
      processDataFromNode(node, { id, counts }: Computed) {
        chunks.finish(id, node, () => picture.setChunk(id, counts));
      },
      heartbeatTimeout(nodes) {
        chunks.heartbeatTimeout(nodes);
      },
      finishJob: () => writePicture(picture.array.data, options),
    };
  },
  node() {
    let whole = { size: 0, maxIterations: 0 };
    return {
      setInitialData(_node, data) {
        if (!data) throw new Error("Cannot compute chunks: the server sent no size of the picture");
        whole = data;
      },
      processDataFromServer(chunk): Computed {
        const { id, width, height } = chunk;
        return { id, counts: { width, height, data: countIterations(chunk, whole.size, whole.maxIterations) } };
      },
    };
  },
});
