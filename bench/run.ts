// deno-lint-ignore-file no-console -- says how it is used
/**
 * The benchmarks: `npm run bench -- [NAME...] [--json] [--quick]`. Ratios carry over to other machines, times do not.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { actors } from "./actors.ts";
import type { Benchmark } from "./figures.ts";
import { mandelbrot } from "./mandelbrot.ts";
import { payload } from "./payload.ts";
import { profile } from "./profile.ts";
import { jsonPrinter, tablePrinter } from "./report.ts";
import { scale } from "./scale.ts";
import { start } from "./start.ts";
import { strangers } from "./strangers.ts";
import { tasks } from "./tasks.ts";
import { wire } from "./wire.ts";

const figures: Readonly<Record<string, Benchmark>> = { actors, wire, tasks, payload, scale, start, mandelbrot };
// What is run only when it is named.
const benchmarks: Readonly<Record<string, Benchmark>> = { ...figures, strangers, profile };

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  console.error(`error: no benchmark ${unknown.join(", ")}; there are ${Object.keys(benchmarks).join(", ")}`);
  Deno.exit(2);
}
const printer = values.json ? jsonPrinter() : tablePrinter();
printer.begin();
for (const name of positionals.length > 0 ? positionals : Object.keys(figures)) {
  for await (const group of benchmarks[name]({ quick: values.quick })) printer.group(name, group);
}
