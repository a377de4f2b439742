// deno-lint-ignore-file no-console -- the benchmark reads it
/**
 * What the jobs of the benchmarks share: the rate of results, window after window, while all nodes are at work.
 *
 * @module
 */

/** Counts results in windows. */
export interface Windows {
  /** Takes one result. */
  readonly collected: (node: string) => void;
  readonly isDone: () => boolean;
  /** Prints what was measured, for the benchmark that started this job. */
  readonly print: () => void;
}

/** What windows are made of. */
export interface WindowOptions {
  /** How many nodes there will be: counting begins when each has returned a result. */
  readonly nodes: number;
  /** How many windows pass before the first that is measured. */
  readonly warmUp: number;
  /** How many results make a window. */
  readonly window: number;
  /** How many windows to measure. */
  readonly windows: number;
}

/** Makes windows, none of them begun. */
export function createWindows({ nodes, warmUp, window, windows }: WindowOptions): Windows {
  const seen = new Set<string>();
  const rates: number[] = [];
  const rssBytes: number[] = [];
  let count = 0;
  let startMs = 0;
  let toWarmUp = warmUp;
  return {
    collected: (node) => {
      if (seen.size < nodes) {
        seen.add(node);
        startMs = performance.now();
        return;
      }
      if (++count < window) return;
      const now = performance.now();
      if (toWarmUp-- <= 0 && rates.length < windows) {
        rates.push(window / (now - startMs) * 1000);
        rssBytes.push(Deno.memoryUsage().rss);
      }
      startMs = now;
      count = 0;
    },
    isDone: () => rates.length >= windows,
    print: () => console.log(`bench ${JSON.stringify({ rates, rssBytes })}`),
  };
}
