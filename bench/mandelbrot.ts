/**
 * The Mandelbrot kernel in one bare worker, and as a job through `gristmill run`'s parts: a server and a node in one
 * process, from nothing to the last worker's end.
 *
 * @module
 */
import { checkConfig, memoryTransport, packageVersion, startNode, startServer, workerUrlFor } from "../mod.ts";
import { type Benchmark, inTurn, seconds } from "./figures.ts";
import job, { totals } from "./mandelbrot_job.ts";

async function inBareWorker(size: number): Promise<number> {
  const worker = new Worker(import.meta.resolve("./mandelbrot_worker.ts"), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage({ ...job.options, size });
    });
  } finally {
    worker.terminate();
  }
}

async function onWorkers(workers: number, size: number): Promise<number> {
  const codeHash = "0".repeat(64);
  const transport = memoryTransport();
  const listener = await transport.listen({ host: "memory", port: 0 });
  const server = startServer({
    job: { job, options: { ...job.options, size }, codeHash },
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

/** The picture, by three ways that must agree. */
export const mandelbrot: Benchmark = async function* ({ quick }) {
  const size = quick ? 1_600 : 4_000;
  const counted = new Set<number>();
  const timed = (compute: () => Promise<number>) =>
    seconds(async () => {
      counted.add(await compute());
      if (counted.size > 1) throw new Error(`the ways count ${[...counted].join(" and ")} iterations`);
    });
  const bare = "the kernel in one bare worker";
  yield {
    title: `the Mandelbrot set, ${size} x ${size} pixels in tiles of 100 x 100, start and end of workers included`,
    figures: await inTurn("s", quick ? 2 : 5, [
      { name: bare, measure: () => timed(() => inBareWorker(size)) },
      { name: "Gristmill, 1 worker", measure: () => timed(() => onWorkers(1, size)), against: bare },
      { name: "Gristmill, 2 workers", measure: () => timed(() => onWorkers(2, size)), against: bare },
    ]),
  };
};
