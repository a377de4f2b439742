/** Two-dimensional arrays on typed arrays. @module */

/** Any typed array. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** A typed array's constructor, such as `Float64Array`. */
export interface TypedArrayKind<Cells extends TypedArray> {
  /** Makes a typed array of `length` zeros. */
  new (length: number): Cells;
}

/** An {@linkcode Array2D} as plain data, which can travel and be stored. */
export interface Array2DData<Cells extends TypedArray = TypedArray> {
  /** Cells in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** The cells, row by row: `width * height` of them. */
  readonly data: Cells;
}

/** Typed arrays of all kinds by what they have in common; their own methods do not unite in TypeScript. */
interface AnyCells<Cell> {
  [index: number]: Cell;
  fill(value: Cell): unknown;
  set(source: AnyCells<Cell>, offset: number): void;
  subarray(from: number, to: number): AnyCells<Cell>;
}

function checkSide(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RangeError(`Cannot make an Array2D with ${name} ${value}: it must be a whole number from 1`);
}

/**
 * A two-dimensional array of numbers or bigints, row by row in one typed array. Cells are named by column `x` and row
 * `y`, both from 0; what lies outside is a `RangeError`, and never a cell of another row.
 *
 * @typeParam Cells The typed array that holds the cells
 *
 * @example
 * ```ts
 * import { Array2D } from "@gristmill/gristmill/job";
 *
 * const heights = Array2D.create(Float64Array, 4, 3);
 * heights.set(3, 2, 8848.86);
 * heights.get(3, 2); // 8848.86
 * for (const row of heights.rows()) row.reverse(); // rows are views
 * ```
 */
export class Array2D<Cells extends TypedArray> implements Array2DData<Cells> {
  /** Cells in a row. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** The cells, row by row. Shared, not copied. */
  readonly data: Cells;

  private constructor(width: number, height: number, data: Cells) {
    this.width = width;
    this.height = height;
    this.data = data;
  }

  /**
   * Makes an array of zeros.
   *
   * @throws {RangeError} if a side is not a whole number from 1, or the cells do not fit into one typed array.
   */
  static create<Cells extends TypedArray>(kind: TypedArrayKind<Cells>, width: number, height: number): Array2D<Cells> {
    checkSide("width", width);
    checkSide("height", height);
    return new Array2D(width, height, new kind(width * height));
  }

  /**
   * Makes an array from plain data. The cells are shared, not copied.
   *
   * @throws {RangeError} if a side is not a whole number from 1, or the number of cells is not `width * height`.
   */
  static from<Cells extends TypedArray>({ width, height, data }: Array2DData<Cells>): Array2D<Cells> {
    checkSide("width", width);
    checkSide("height", height);
    if (data.length !== width * height) {
      throw new RangeError(`Cannot make an Array2D of ${width} x ${height} from ${data.length} cells`);
    }
    return new Array2D(width, height, data);
  }

  /** The array as plain data, which can travel and be stored. The cells are shared, not copied. */
  toData(): Array2DData<Cells> {
    return { width: this.width, height: this.height, data: this.data };
  }

  /** The value of one cell. @throws {RangeError} if there is no such cell. */
  get(x: number, y: number): Cells[number] {
    return this.data[this.#index(x, y)];
  }

  /** Gives one cell a value. @throws {RangeError} if there is no such cell. */
  set(x: number, y: number, value: Cells[number]): void {
    const index = this.#index(x, y);
    this.#cells[index] = value;
  }

  /** Gives every cell the same value. */
  fill(value: Cells[number]): this {
    this.#cells.fill(value);
    return this;
  }

  /**
   * One row, as a view: what is written to it is written to the array.
   *
   * @throws {RangeError} if there is no such row.
   */
  row(y: number): Cells {
    const start = this.#index(0, y);
    return this.data.subarray(start, start + this.width) as Cells;
  }

  /** All rows in order, as views. */
  *rows(): Generator<Cells, void, undefined> {
    for (let y = 0; y < this.height; y++) yield this.row(y);
  }

  /**
   * Copies a whole array into this one, its first cell to column `x` and row `y`.
   *
   * @throws {RangeError} if it does not lie within this one; nothing is copied then.
   */
  setRegion(x: number, y: number, source: Array2DData<Cells>): void {
    const { width, height, data } = Array2D.from(source);
    this.#checkRegion(x, y, width, height);
    const from = data as unknown as AnyCells<Cells[number]>;
    for (let row = 0; row < height; row++) {
      this.#cells.set(from.subarray(row * width, (row + 1) * width), (y + row) * this.width + x);
    }
  }

  /**
   * Copies a part out of this array.
   *
   * @throws {RangeError} if it does not lie within this one.
   */
  getRegion(x: number, y: number, width: number, height: number): Array2D<Cells> {
    this.#checkRegion(x, y, width, height);
    const kind = this.data.constructor as unknown as TypedArrayKind<Cells>;
    const region = Array2D.create(kind, width, height);
    for (let row = 0; row < height; row++) {
      const start = (y + row) * this.width + x;
      region.#cells.set(this.#cells.subarray(start, start + width), row * width);
    }
    return region;
  }

  get #cells(): AnyCells<Cells[number]> {
    return this.data as unknown as AnyCells<Cells[number]>;
  }

  #index(x: number, y: number): number {
    const inside = Number.isInteger(x) && x >= 0 && x < this.width && Number.isInteger(y) && y >= 0 && y < this.height;
    if (!inside) throw new RangeError(`No cell (${x}, ${y}): the array is ${this.width} x ${this.height}`);
    return y * this.width + x;
  }

  #checkRegion(x: number, y: number, width: number, height: number): void {
    const inside = (start: number, length: number, side: number) =>
      Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length >= 1 && start + length <= side;
    if (inside(x, width, this.width) && inside(y, height, this.height)) return;
    throw new RangeError(
      `No region of ${width} x ${height} at (${x}, ${y}): the array is ${this.width} x ${this.height}`,
    );
  }
}
