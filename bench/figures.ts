/**
 * What a benchmark measures, and how: rounds after a warm-up, medians with ranges, and ways that are compared measured
 * in turn, so that whatever else the machine does hits both alike.
 *
 * @module
 */

/** One figure: what several rounds gave. */
export interface Figure {
  /** What was measured: unique within a benchmark. */
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
  /** The name of the figure of the same group that this one is a ratio of: a raw limit, or an ideal. */
  readonly against?: string;
}

/** Figures that are printed as one table. */
export interface Group {
  readonly title: string;
  readonly figures: readonly Figure[];
  /** What was not measured, and why. */
  readonly skipped?: readonly string[];
}

/** How thoroughly to measure. */
export interface Settings {
  /** Fewer rounds, smaller counts: to see that all works, and orders of magnitude. */
  readonly quick: boolean;
}

/** One subject: gives its groups as they are done. */
export type Benchmark = (settings: Settings) => AsyncGenerator<Group>;

/** Sums up the values of the rounds. */
export function figure(name: string, unit: string, values: readonly number[], against?: string): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const { length } = sorted;
  const middle = length >> 1;
  const median = length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { name, unit, median, min: sorted[0], max: sorted[length - 1], rounds: length, against };
}

/** One way to do the work; returns what it measured. */
export interface Way {
  readonly name: string;
  readonly measure: () => number | Promise<number>;
  readonly against?: string;
}

/** Measures each way once to warm up, then all of them in turn, round by round. */
export async function inTurn(unit: string, rounds: number, ways: readonly Way[]): Promise<Figure[]> {
  const values = ways.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, { measure }] of ways.entries()) {
      const value = await measure();
      if (round >= 0) values[index].push(value);
    }
  }
  return ways.map(({ name, against }, index) => figure(name, unit, values[index], against));
}

/** Times `work`. @returns seconds */
export async function seconds(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The value below which `share` of the samples are. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Latencies by way, in milliseconds, as p50 and p99 of each round. A first round warms up. */
export async function latencies(
  rounds: number,
  ways: readonly { readonly name: string; readonly measure: () => Promise<readonly number[]> }[],
): Promise<Figure[]> {
  const values = ways.map(() => ({ p50: [] as number[], p99: [] as number[] }));
  for (let round = -1; round < rounds; round++) {
    for (const [index, { measure }] of ways.entries()) {
      const samples = await measure();
      if (round < 0) continue;
      values[index].p50.push(percentile(samples, 0.5));
      values[index].p99.push(percentile(samples, 0.99));
    }
  }
  return ways.flatMap(({ name }, index) => {
    const { p50, p99 } = values[index];
    const raw = index === 0 ? undefined : ways[0].name;
    return [
      figure(`${name}, p50`, "ms", p50, raw && `${raw}, p50`),
      figure(`${name}, p99`, "ms", p99, raw && `${raw}, p99`),
    ];
  });
}
