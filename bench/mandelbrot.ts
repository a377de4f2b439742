/**
 * The Mandelbrot kernel on one core by a plain loop, and on Gristmill's workers in one process.
 *
 * @module
 */
import { countIterations, sumOf } from "../examples/mandelbrot/kernel.ts";
import { checkConfig, memoryTransport, packageVersion, startNode, startServer, workerUrlFor } from "../mod.ts";
import job, { totals } from "./mandelbrot_job.ts";

/** One way to compute the picture. */
export interface MandelbrotRow {
  readonly way: string;
  readonly seconds: number;
  /** How many times as fast as the plain loop. */
  readonly speedUp: number;
}

const { size, maxIterations } = job.options;

function plainLoop(): number {
  let total = 0;
  for (let y = 0; y < size; y++) {
    total += sumOf(countIterations({ x: 0, y, width: size, height: 1 }, size, maxIterations));
  }
  return total;
}

async function onWorkers(workers: number): Promise<number> {
  const codeHash = "0".repeat(64);
  const transport = memoryTransport();
  const listener = await transport.listen({ host: "memory", port: 0 });
  const server = startServer({
    job: { job, options: job.options, codeHash },
    config: checkConfig({}),
    listeners: [listener],
    packageVersion,
  });
  const node = startNode({
    job: { name: job.name, codeHash, workerUrl: workerUrlFor(import.meta.resolve("./mandelbrot_job.ts")) },
    address: listener.address,
    transport,
    packageVersion,
    workers,
    name: "bench",
  });
  const { outcome, reason } = await server.done;
  await node.done;
  if (outcome !== "complete") throw new Error(`the job is ${outcome}: ${reason}`);
  return totals.pop() as number;
}

async function timed(compute: () => number | Promise<number>): Promise<[total: number, seconds: number]> {
  const start = performance.now();
  const total = await compute();
  return [total, (performance.now() - start) / 1000];
}

/**
 * Computes the picture once by each way, from nothing to the last worker's end.
 *
 * @throws {Error} if two ways disagree on the result.
 */
export async function mandelbrot(workerCounts: readonly number[]): Promise<MandelbrotRow[]> {
  const [total, seconds] = await timed(plainLoop);
  const rows: MandelbrotRow[] = [{ way: "plain loop, one core", seconds, speedUp: 1 }];
  for (const workers of workerCounts) {
    const [found, elapsed] = await timed(() => onWorkers(workers));
    if (found !== total) throw new Error(`${workers} workers count ${found} iterations, the plain loop ${total}`);
    rows.push({ way: `Gristmill, workers: ${workers}`, seconds: elapsed, speedUp: seconds / elapsed });
  }
  return rows;
}
