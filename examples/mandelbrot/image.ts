/**
 * Colours for counts of iterations, and a PNG of them.
 *
 * @module
 */
import { encode } from "npm:fast-png@^8";
import type { Counts } from "./kernel.ts";

/** Colours along the way from the outside to the set, as position, red, green, blue. */
const stops: readonly (readonly [at: number, red: number, green: number, blue: number])[] = [
  [0.0, 3, 5, 22],
  [0.12, 10, 28, 78],
  [0.26, 26, 96, 168],
  [0.38, 112, 194, 232],
  [0.46, 240, 250, 252],
  [0.56, 255, 205, 94],
  [0.68, 226, 106, 28],
  [0.82, 120, 24, 44],
  [1.0, 22, 4, 28],
];

const shades = 2048;

const brightestCount = 1000;

/** The gradient, finely cut: three bytes a shade. */
function gradient(): Uint8Array {
  const table = new Uint8Array(shades * 3);
  for (let shade = 0; shade < shades; shade++) {
    const at = shade / (shades - 1);
    const right = Math.max(1, stops.findIndex((stop) => stop[0] >= at));
    const [from, to] = [stops[right - 1], stops[right]];
    const part = (at - from[0]) / (to[0] - from[0]);
    // Without corners where two colours meet: 3t^2 - 2t^3.
    const smooth = part * part * (3 - 2 * part);
    for (let channel = 0; channel < 3; channel++) {
      const [a, b] = [from[channel + 1], to[channel + 1]];
      table[shade * 3 + channel] = Math.round(a + (b - a) * smooth);
    }
  }
  return table;
}

/** Up to here neighbouring counts lie far enough apart for their steps to be seen. */
const smoothedCountsMax = 32;

/**
 * The count as a real number that grows evenly from one step to the next: k - log2(log2 |z_k|) for a |z_k| far beyond
 * the circle, the "normalised iteration count". It lies about half a step below the whole count.
 */
function smoothCount(count: number, real: number, imaginary: number): number {
  if (count > smoothedCountsMax) return count - 0.5;
  let steps = 0;
  let re = real;
  let im = imaginary;
  let reSquared = re * re;
  let imSquared = im * im;
  while (reSquared + imSquared < 1e6) {
    im = 2 * re * im + imaginary;
    re = reSquared - imSquared + real;
    reSquared = re * re;
    imSquared = im * im;
    steps++;
  }
  return steps - Math.log2(Math.log2(reSquared + imSquared) / 2);
}

/**
 * Colours a picture: black inside the set, else by the logarithm of the count, for low counts cover wide areas and
 * high ones thin seams.
 *
 * @returns three bytes a pixel: red, green, blue.
 */
export function colour(counts: Counts, size: number, maxIterations: number): Uint8Array {
  const table = gradient();
  const pixels = new Uint8Array(counts.length * 3);
  const step = 3 / size;
  for (let index = 0; index < counts.length; index++) {
    if (counts[index] >= maxIterations) continue;
    const smooth = smoothCount(counts[index], -2 + index % size * step, -1.5 + Math.floor(index / size) * step);
    const at = Math.log(Math.max(1, smooth + 1)) / Math.log(brightestCount);
    const shade = Math.round(Math.min(1, at) * (shades - 1)) * 3;
    pixels[index * 3] = table[shade];
    pixels[index * 3 + 1] = table[shade + 1];
    pixels[index * 3 + 2] = table[shade + 2];
  }
  return pixels;
}

/** The picture as a PNG file. */
export function encodePicture(counts: Counts, size: number, maxIterations: number): Uint8Array {
  return encode({ width: size, height: size, data: colour(counts, size, maxIterations), depth: 8, channels: 3 });
}
