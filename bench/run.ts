/**
 * The benchmarks: prints tables and the machine that they hold for. Ratios carry over to other machines, times do not.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- tables for the terminal
import { mandelbrot } from "./mandelbrot.ts";
import { tell } from "./tell.ts";

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

console.log(`Deno ${Deno.version.deno}, ${Deno.build.target}, ${navigator.hardwareConcurrency} cores\n`);

console.log("One-way messages within a process, best of 5 rounds:");
console.table(Object.fromEntries(
  (await tell()).map(({ way, nsPerMessage, messagesPerSecond }) => [way, {
    "ns a message": round(nsPerMessage, 1),
    "million a second": round(messagesPerSecond / 1e6, 2),
  }]),
));

console.log("\nThe Mandelbrot set, 1600 x 1600 pixels in 256 tasks, workers started and stopped included:");
console.table(Object.fromEntries(
  (await mandelbrot([1, 2])).map(({ way, seconds, speedUp }) => [way, {
    seconds: round(seconds, 2),
    "times the plain loop": round(speedUp, 2),
  }]),
));
