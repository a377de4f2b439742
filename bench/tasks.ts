/**
 * Tasks from `defineJob` to `collect`, through real server and node processes.
 *
 * @module
 */
import { runCluster, type Security } from "./cluster.ts";
import { type Benchmark, type Figure, figure, type Group, inTurn, latencies } from "./figures.ts";
import { bareRate, calibrate } from "./bare_workers.ts";
import type { WindowReport } from "./jobs/windows.ts";
import { startRawNodes } from "./raw_tasks.ts";

/** Tasks in a frame of the raw limit: what one read takes in comfortably, and more than that. */
const rawFrames = [64, 256] as const;

interface Case {
  readonly nodes: number;
  readonly security: Security;
  readonly journal: boolean;
}

const nameOf = ({ nodes, security, journal }: Case): string =>
  `${nodes} node${nodes > 1 ? "s" : ""}, ${security}, journal ${journal ? "on" : "off"}`;

const fullCases: readonly Case[] = [
  ...[1, 2, 4].flatMap((nodes) =>
    (["plain", "authenticated", "TLS"] as const).map((security) => ({ nodes, security, journal: false }))
  ),
  ...[1, 2, 4].map((nodes) => ({ nodes, security: "authenticated" as const, journal: true })),
];
const quickCases = fullCases.filter(({ nodes, security }) => nodes === 2 && security === "authenticated");

async function rawRates(rounds: number, tasks: number): Promise<Figure[]> {
  await using nodes = await startRawNodes(2);
  const ways = rawFrames.map((tasksPerFrame) => ({
    name: `2 bare loops, ${tasksPerFrame} a frame`,
    measure: () => nodes.rate(tasks, tasksPerFrame),
  }));
  return await inTurn("tasks/s", rounds, ways);
}

async function* noopGroups(cases: readonly Case[], quick: boolean): AsyncGenerator<Group> {
  const windows = quick ? 3 : 7;
  const raw = await rawRates(windows, quick ? 100_000 : 400_000);
  const rates: Figure[] = [...raw];
  const micros: Figure[] = [];
  for (const each of cases) {
    const options = { nodes: each.nodes, window: quick ? 20_000 : 50_000, windows };
    const report = await runCluster<WindowReport>({ job: "noop.ts", options, ...each });
    rates.push(figure(nameOf(each), "tasks/s", report.rates, raw[0].name));
    micros.push(figure(nameOf(each), "µs/task", report.serverMicros));
  }
  yield { title: "no-op tasks; each node a process with one worker", figures: rates };
  yield { title: "processor time of the server for a no-op task, all its threads", figures: micros };
}

async function idleLatency(quick: boolean): Promise<Figure[]> {
  await using nodes = await startRawNodes(1);
  const count = quick ? 500 : 2_000;
  return await latencies(quick ? 2 : 5, [
    { name: "bare loop", measure: () => nodes.latencies(count) },
    {
      name: "grant to collect",
      measure: async () => {
        const { samples } = await runCluster<{ samples: readonly number[] }>({
          job: "latency.ts",
          options: { count },
          nodes: 1,
        });
        return samples;
      },
    },
  ]);
}

/** How much gets done beside two bare workers, and for which share of the time the workers of a node compute. */
async function* efficiency(quick: boolean): AsyncGenerator<Group> {
  const stepsPerMs = await calibrate();
  const rounds = quick ? 1 : 5;
  const rates: Figure[] = [];
  const shares: Figure[] = [];
  for (const ms of [1, 10, 100]) {
    const steps = Math.round(stepsPerMs * ms);
    const window = Math.max(20, Math.round(2_000 / ms));
    const own: number[] = [];
    const bare: number[] = [];
    const share: number[] = [];
    for (let round = 0; round < rounds; round++) {
      bare.push(await bareRate(2, steps, quick ? 1_000 : 2_000));
      const options = { nodes: 1, window, windows: 2, steps };
      const report = await runCluster<WindowReport>({ job: "busy.ts", options, nodes: 1, workers: 2 });
      own.push(...report.rates);
      share.push(...report.busy.map((seconds) => seconds / 2));
    }
    const name = `${ms} ms tasks, 2 bare workers`;
    rates.push(figure(name, "tasks/s", bare), figure(`${ms} ms tasks, 2 workers of a node`, "tasks/s", own, name));
    shares.push(figure(`${ms} ms tasks`, "of the time", share));
  }
  yield { title: "what computes, beside bare workers without a server", figures: rates };
  yield { title: "for how much of the time the 2 workers of a node compute", figures: shares };
}

/** Tasks through processes. */
export const tasks: Benchmark = async function* ({ quick }) {
  yield* noopGroups(quick ? quickCases : fullCases, quick);
  yield { title: "one task at a time, an idle server and node", figures: await idleLatency(quick) };
  yield* efficiency(quick);
};
