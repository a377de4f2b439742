/**
 * A worker that computes tasks of its own for a while, each in a turn of its own, as tasks come: in one loop the
 * compiler would optimise task and loop together, which makes short tasks a third faster than any that are called.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import type { BareOrder, BareReport } from "./bare_workers.ts";
import { spin } from "./jobs/spin.ts";

const { port1, port2 } = new MessageChannel();

self.onmessage = ({ data: { steps, forMs } }: MessageEvent<BareOrder>) => {
  const start = performance.now();
  let tasks = 0;
  let kept = 0;
  port1.onmessage = () => {
    kept ^= spin(steps);
    tasks++;
    const elapsedMs = performance.now() - start;
    if (elapsedMs < forMs) return port2.postMessage(undefined);
    const report: BareReport & { kept: number } = { tasks, elapsedMs, kept };
    self.postMessage(report);
  };
  port2.postMessage(undefined);
};
