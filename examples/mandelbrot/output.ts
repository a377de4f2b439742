/**
 * Writing the picture and its total, on the server.
 *
 * @module
 */
import { dirname } from "node:path";
import { type Counts, sumOf } from "./kernel.ts";
import type { PictureOptions } from "./options.ts";

const noFolder = (out: string, cause?: unknown): Error =>
  new Error(`Cannot write ${out}: there is no folder ${dirname(out)}; make it, or name another file with --out`, {
    cause,
  });

/**
 * Looks whether the picture's folder is there, before hours of work are put into what cannot be written.
 *
 * @throws {Error} if it is not.
 */
export function checkFolder(out: string): void {
  try {
    if (Deno.statSync(dirname(out)).isDirectory) return;
  } catch (cause) {
    throw cause instanceof Deno.errors.NotFound ? noFolder(out, cause) : cause;
  }
  throw noFolder(out);
}

/**
 * Writes the picture as a PNG file, and the total of all iterations to the standard output.
 *
 * @throws {Error} if its folder is gone.
 */
export async function writePicture(counts: Counts, { size, maxIterations, out }: PictureOptions): Promise<void> {
  // Only here, so that no worker of a node loads the PNG library.
  const { encodePicture } = await import("./image.ts");
  try {
    await Deno.writeFile(out, encodePicture(counts, size, maxIterations));
  } catch (cause) {
    throw cause instanceof Deno.errors.NotFound ? noFolder(out, cause) : cause;
  }
  // deno-lint-ignore no-console -- the result of a job goes to the standard output
  console.log(`iterations total: ${sumOf(counts)}\npicture: ${out} (${size} x ${size})`);
}
