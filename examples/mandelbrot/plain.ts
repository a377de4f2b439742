/**
 * The same picture's total by a plain loop over the kernel, without Gristmill: what the machine can do on one core.
 *
 *     deno run examples/mandelbrot/plain.ts [SIZE [MAX_ITERATIONS]]
 *
 * @module
 */
import { countIterations, sumOf } from "./kernel.ts";
import { defaultOptions } from "./options.ts";

const [size = defaultOptions.size, maxIterations = defaultOptions.maxIterations] = Deno.args.map(Number);
const start = performance.now();
let total = 0;
for (let y = 0; y < size; y++) {
  total += sumOf(countIterations({ x: 0, y, width: size, height: 1 }, size, maxIterations));
}
const seconds = (performance.now() - start) / 1000;
// deno-lint-ignore no-console -- a program for the terminal
console.log(`iterations total: ${total}\nkernel: ${seconds.toFixed(2)} s on one core`);
