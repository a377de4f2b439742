/**
 * A worker that computes tasks of its own for a while.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import type { BareOrder, BareReport } from "./bare_workers.ts";
import { spin } from "./jobs/spin.ts";

self.onmessage = ({ data: { steps, forMs } }: MessageEvent<BareOrder>) => {
  const start = performance.now();
  let tasks = 0;
  let kept = 0;
  while (performance.now() - start < forMs) {
    kept ^= spin(steps);
    tasks++;
  }
  const report: BareReport & { kept: number } = { tasks, elapsedMs: performance.now() - start, kept };
  self.postMessage(report);
};
