/**
 * Gristmill itself, by the figures that its peers are measured by.
 *
 * @module
 */
import { spawnAndStop } from "../actors.ts";
import { runCluster } from "../cluster.ts";
import { percentile, type Settings } from "../figures.ts";
import { ask, pingPong, tell } from "../messages.ts";
import type { PeerFigure } from "./peers.ts";
import type { WindowReport } from "../jobs/windows.ts";

async function rounds(count: number, measure: () => Promise<number>): Promise<number[]> {
  await measure();
  const values: number[] = [];
  while (values.length < count) values.push(await measure());
  return values;
}

/** Measures it. */
export async function measureGristmill({ quick }: Settings): Promise<PeerFigure[]> {
  const times = quick ? 3 : 5;
  const size = quick ? 1 : 4;
  const unit = "messages/s";
  const { rates } = await runCluster<WindowReport>({
    job: "noop.ts",
    options: { nodes: 2, window: 20_000 * size, windows: times },
    nodes: 2,
    security: "authenticated",
  });
  const { samples } = await runCluster<{ samples: number[] }>({
    job: "latency.ts",
    options: { count: 500 * size },
    nodes: 1,
  });
  const { rates: echoes } = await runCluster<WindowReport>({
    job: "echo.ts",
    options: { nodes: 1, window: 1_000, windows: times, bytes: 2 ** 20 },
    nodes: 1,
  });
  return [
    { name: "no-op tasks, 2 processes", unit: "tasks/s", values: rates },
    { name: "one task at a time through another process, p50", unit: "ms", values: [percentile(samples, 0.5)] },
    { name: "one task at a time through another process, p99", unit: "ms", values: [percentile(samples, 0.99)] },
    { name: "1 MiB there and back, another process", unit: "MiB/s", values: echoes },
    { name: "one-way tell", unit, values: await rounds(times, () => tell(512 * size)) },
    { name: "ping-pong", unit, values: await rounds(times, () => pingPong(500_000 * size)) },
    { name: "ask", unit: "asks/s", values: await rounds(times, () => ask(200 * size)) },
    { name: "spawn and stop", unit: "actors/s", values: await rounds(times, () => spawnAndStop(20_000 * size)) },
  ];
}
