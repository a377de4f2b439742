/** Cutting a rectangle into chunks: geometry only, without any cells. @module */

/** One chunk: a rectangle of cells, and its number. */
export interface ChunkRegion {
  /** The chunk's number, from 0, row by row. */
  readonly id: number;
  /** Its first column. */
  readonly x: number;
  /** Its first row. */
  readonly y: number;
  /** Its columns. */
  readonly width: number;
  /** Its rows. */
  readonly height: number;
}

/** The sides of what is cut, and of the chunks, in cells. */
export interface ChunkGridOptions {
  /** Columns of the whole. */
  readonly width: number;
  /** Rows of the whole. */
  readonly height: number;
  /** As wide as the whole, or wider, for one column of chunks. */
  readonly chunkWidth: number;
  /** As high as the whole, or higher, for one row of chunks. */
  readonly chunkHeight: number;
}

/** A rectangle that is cut into chunks. Those at the right and lower edges are smaller where it does not divide. */
export interface ChunkGrid extends ChunkGridOptions, Iterable<ChunkRegion> {
  /** How many chunks there are. */
  readonly count: number;
  /** The chunk with this number. @throws {RangeError} if there is none. */
  readonly at: (id: number) => ChunkRegion;
}

/**
 * Cuts a rectangle into chunks.
 *
 * @throws {RangeError} if a side is not a whole number from 1.
 *
 * @example
 * ```ts
 * import { createChunkGrid } from "@gristmill/gristmill/job";
 *
 * const grid = createChunkGrid({ width: 100, height: 50, chunkWidth: 40, chunkHeight: 50 });
 * [...grid].map((chunk) => chunk.width); // [40, 40, 20]
 * ```
 */
export function createChunkGrid(options: ChunkGridOptions): ChunkGrid {
  const { width, height, chunkWidth, chunkHeight } = options;
  for (const [name, value] of Object.entries({ width, height, chunkWidth, chunkHeight })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new RangeError(`Cannot cut chunks with ${name} ${value}: it must be a whole number from 1`);
  }
  const columns = Math.ceil(width / chunkWidth);
  const count = columns * Math.ceil(height / chunkHeight);
  const at = (id: number): ChunkRegion => {
    if (!Number.isInteger(id) || id < 0 || id >= count) {
      throw new RangeError(`No chunk ${id}: there are ${count}, numbered from 0`);
    }
    const x = (id % columns) * chunkWidth;
    const y = Math.floor(id / columns) * chunkHeight;
    return { id, x, y, width: Math.min(chunkWidth, width - x), height: Math.min(chunkHeight, height - y) };
  };
  return {
    width,
    height,
    chunkWidth,
    chunkHeight,
    count,
    at,
    *[Symbol.iterator]() {
      for (let id = 0; id < count; id++) yield at(id);
    },
  };
}
