/**
 * The options of both Mandelbrot examples.
 *
 * @module
 */

/** The defaults: a few seconds of work on two cores. */
export const defaultOptions = { size: 2400, maxIterations: 1000, chunk: 200, out: "mandelbrot.png" };

/** What the command line made of the defaults. */
export type PictureOptions = Readonly<typeof defaultOptions>;

/** @throws {RangeError} for sides or counts that no picture can have. */
export function checkOptions({ size, maxIterations, chunk }: PictureOptions): void {
  const check = (flag: string, value: number, max: number) => {
    if (Number.isInteger(value) && value >= 1 && value <= max) return;
    throw new RangeError(`Cannot draw with ${flag} ${value}: it must be a whole number from 1 to ${max}`);
  };
  // Colours and the PNG need some seven bytes a pixel beside the counts: 2 GB at this side.
  check("--size", size, 16_384);
  check("--max-iterations", maxIterations, 0xffff_ffff);
  check("--chunk", chunk, 16_384);
}
