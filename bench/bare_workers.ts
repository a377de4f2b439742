/**
 * Workers that compute by themselves: the ideal of which a cluster on the same cores falls short.
 *
 * @module
 */

/** What a bare worker is told. */
export interface BareOrder {
  readonly steps: number;
  readonly forMs: number;
}

/** What it got done. */
export interface BareReport {
  readonly tasks: number;
  readonly elapsedMs: number;
}

/** Has bare workers compute for a while, all at once. @returns tasks a second, together */
export async function bareRate(workers: number, steps: number, forMs: number): Promise<number> {
  const all = Array.from(
    { length: workers },
    () => new Worker(import.meta.resolve("./bare_worker.ts"), { type: "module" }),
  );
  const ask = (worker: Worker, order: BareOrder): Promise<BareReport> =>
    new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(order);
    });
  try {
    // A first order has them start and compile.
    await Promise.all(all.map((worker) => ask(worker, { steps, forMs: 200 })));
    const reports = await Promise.all(all.map((worker) => ask(worker, { steps, forMs })));
    return reports.reduce((sum, { tasks, elapsedMs }) => sum + tasks / elapsedMs * 1000, 0);
  } finally {
    for (const worker of all) worker.terminate();
  }
}

/** @returns how many steps of `spin` a worker takes in a millisecond */
export async function calibrate(): Promise<number> {
  const steps = 1_000_000;
  return await bareRate(1, steps, 1_000) * steps / 1000;
}
