/** A two-dimensional array that is taken apart into chunks and put together from them. @module */
import { Array2D, type Array2DData, type TypedArray, type TypedArrayKind } from "./array_2d.ts";
import { type ChunkGrid, type ChunkGridOptions, createChunkGrid } from "./chunk_grid.ts";

/**
 * An {@linkcode Array2D} with a grid of chunks laid over it.
 *
 * @typeParam Cells The typed array that holds the cells
 *
 * @example
 * ```ts
 * import { Array2D, Array2DChunk } from "@gristmill/gristmill/job";
 *
 * const image = Array2DChunk.create(Uint16Array, { width: 300, height: 200, chunkWidth: 128, chunkHeight: 128 });
 * const { width, height } = image.grid.at(2); // 44 x 128: what is left at the right edge
 * image.setChunk(2, Array2D.create(Uint16Array, width, height).fill(7));
 * image.array.get(299, 0); // 7
 * ```
 */
export class Array2DChunk<Cells extends TypedArray> {
  /** The whole. */
  readonly array: Array2D<Cells>;
  /** Where its chunks lie. */
  readonly grid: ChunkGrid;

  private constructor(array: Array2D<Cells>, grid: ChunkGrid) {
    this.array = array;
    this.grid = grid;
  }

  /** Makes an array of zeros. @throws {RangeError} if a side is not a whole number from 1. */
  static create<Cells extends TypedArray>(
    kind: TypedArrayKind<Cells>,
    options: ChunkGridOptions,
  ): Array2DChunk<Cells> {
    const grid = createChunkGrid(options);
    return new Array2DChunk(Array2D.create(kind, grid.width, grid.height), grid);
  }

  /**
   * Lays a grid over an array that is there, to hand its parts out or to go on from a checkpoint. Its cells are
   * shared, not copied.
   *
   * @throws {RangeError} if a side is not a whole number from 1.
   */
  static from<Cells extends TypedArray>(
    source: Array2DData<Cells>,
    chunks: Pick<ChunkGridOptions, "chunkWidth" | "chunkHeight">,
  ): Array2DChunk<Cells> {
    const array = Array2D.from(source);
    const { width, height } = array;
    return new Array2DChunk(array, createChunkGrid({ width, height, ...chunks }));
  }

  /** A copy of one chunk's cells. @throws {RangeError} if there is no such chunk. */
  getChunk(id: number): Array2D<Cells> {
    const { x, y, width, height } = this.grid.at(id);
    return this.array.getRegion(x, y, width, height);
  }

  /**
   * Copies cells into one chunk.
   *
   * @throws {RangeError} if there is no such chunk, or the sides are not the chunk's own; nothing is copied then.
   */
  setChunk(id: number, cells: Array2DData<Cells>): void {
    const { x, y, width, height } = this.grid.at(id);
    if (cells.width !== width || cells.height !== height) {
      throw new RangeError(`Cannot set chunk ${id} of ${width} x ${height} to ${cells.width} x ${cells.height} cells`);
    }
    this.array.setRegion(x, y, cells);
  }
}
