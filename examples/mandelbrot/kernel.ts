/**
 * Counting iterations of the Mandelbrot map: pure, and all that costs time in these examples.
 *
 * @module
 */

/** A rectangle of pixels within the picture. */
export interface Tile {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Counts of iterations; the smaller kind where they fit, since half the bytes travel. */
export type Counts = Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** The kind of array that holds counts up to `maxIterations`. */
export function countsKind(maxIterations: number): new (length: number) => Counts {
  return maxIterations <= 0xffff ? Uint16Array : Uint32Array;
}

/**
 * Counts, for each pixel of a tile, how often z = z * z + c can be applied, beginning with z = c, while |z| <= 2 and at
 * most `maxIterations` times. The whole picture is `size` x `size` pixels and spans -2 to 1 on the real axis and -1.5
 * to 1.5 on the imaginary axis; pixel 0 stands at the lower end of either.
 *
 * @returns `width * height` counts, row by row.
 */
export function countIterations(tile: Tile, size: number, maxIterations: number): Counts {
  const counts = new (countsKind(maxIterations))(tile.width * tile.height);
  const step = 3 / size;
  let index = 0;
  for (let y = tile.y; y < tile.y + tile.height; y++) {
    const imaginary = -1.5 + y * step;
    for (let x = tile.x; x < tile.x + tile.width; x++) {
      const real = -2 + x * step;
      let count = 0;
      let re = real;
      let im = imaginary;
      let reSquared = re * re;
      let imSquared = im * im;
      while (reSquared + imSquared <= 4 && count < maxIterations) {
        im = 2 * re * im + imaginary;
        re = reSquared - imSquared + real;
        reSquared = re * re;
        imSquared = im * im;
        count++;
      }
      counts[index++] = count;
    }
  }
  return counts;
}

/** The sum of all counts: one number that says whether two pictures are the same. */
export function sumOf(counts: Counts): number {
  let sum = 0;
  for (let index = 0; index < counts.length; index++) sum += counts[index];
  return sum;
}
