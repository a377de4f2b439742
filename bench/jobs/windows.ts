// deno-lint-ignore-file no-console -- the benchmark reads it
/**
 * What the jobs of the benchmarks share: the rate of results, window after window, while all nodes are at work.
 *
 * @module
 */

import { cpuUsage } from "node:process";

/** What is printed: one entry a window. */
export interface WindowReport {
  /** Results a second. */
  readonly rates: number[];
  /** Processor time that the server took for each result, all its threads together, in microseconds. */
  readonly serverMicros: number[];
  /** For how long nodes computed in a second, in seconds; more than one where several workers compute at once. */
  readonly busy: number[];
  /** Resident memory of the server at the end of the window. */
  readonly rssBytes: number[];
}

/** Counts results in windows. */
export interface Windows {
  /** Takes one result, and how long it was computed, in milliseconds. */
  readonly collected: (node: string, computedMs?: number) => void;
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
  const report: WindowReport = { rates: [], serverMicros: [], busy: [], rssBytes: [] };
  const isDone = () => report.rates.length >= windows;
  let count = 0;
  let busyMs = 0;
  let startMs = 0;
  let startMicros = 0;
  let toWarmUp = warmUp;
  const begin = (nowMs: number, micros: number): void => {
    count = 0;
    busyMs = 0;
    startMs = nowMs;
    startMicros = micros;
  };
  const micros = (): number => {
    const { user, system } = cpuUsage();
    return user + system;
  };
  return {
    collected: (node, computedMs = 0) => {
      if (seen.size < nodes) {
        seen.add(node);
        return begin(performance.now(), micros());
      }
      busyMs += computedMs;
      if (++count < window) return;
      const now = performance.now();
      const used = micros();
      if (toWarmUp-- <= 0 && !isDone()) {
        report.rates.push(window / (now - startMs) * 1000);
        report.serverMicros.push((used - startMicros) / window);
        report.busy.push(busyMs / (now - startMs));
        report.rssBytes.push(Deno.memoryUsage().rss);
      }
      begin(now, used);
    },
    isDone,
    print: () => console.log(`bench ${JSON.stringify(report)}`),
  };
}
