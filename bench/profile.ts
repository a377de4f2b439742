/**
 * Where the time goes: V8's profiles of a server, of a node's I/O thread and of its worker, as the functions that took
 * the most processor time themselves.
 *
 * @module
 */
import { temporaryFolder } from "../tests/process/harness.ts";
import { benchPath, printed, runCluster, startProgram, startServer } from "./cluster.ts";
import { delay } from "./delay.ts";
import { type Benchmark, type Figure, figure, type Group } from "./figures.ts";
import type { WindowReport } from "./jobs/windows.ts";

/** What V8 writes. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where a thread that has nothing to do is found: between turns, and, for a worker, before its first message. */
const idle = new Set(["(idle)", "op_worker_maybe_wait_for_debugger"]);
/** How many functions of each thread are shown. */
const shown = 15;
const project = new URL("../", import.meta.url).href;
function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const place = url.startsWith(project) ? url.slice(project.length) : url.replace(/^.*\/node_modules\//, "");
  return `${functionName || "(anonymous)"} ${place}${place && `:${lineNumber + 1}`}`.trim();
}

/** The functions by their own time, in percent of the time in which the thread did anything. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const name = names.get(id)!;
    if (idle.has(name)) continue;
    busy += timeDeltas[index];
    times.set(name, (times.get(name) ?? 0) + timeDeltas[index]);
  }
  return new Map([...times].map(([name, time]): [string, number] => [name, time / busy * 100]));
}

function topOf(file: string): Figure[] {
  const times = selfTimes(JSON.parse(Deno.readTextFileSync(file)));
  const sorted = [...times].sort(([, a], [, b]) => b - a);
  return sorted.slice(0, shown).map(([name, percent]) => figure(name, "%", [percent]));
}

type Thread = readonly [name: string, file: string];

const threads: readonly Thread[] = [
  ["server", "server.cpuprofile"],
  ["I/O thread of the node", "node-0.cpuprofile"],
  ["worker of the node", "node-0.worker-1.cpuprofile"],
];

async function* ofTasks(
  what: string,
  job: string,
  options: Record<string, number>,
  journal = false,
): AsyncGenerator<Group> {
  using folder = temporaryFolder();
  const { rates } = await runCluster<WindowReport>({
    job,
    options: { nodes: 1, windows: 5, ...options },
    nodes: 1,
    security: "authenticated",
    journal,
    profileFolder: folder.path,
  });
  yield { title: `${what}: rate under the profiler, 1 node of one worker`, figures: [figure(what, "tasks/s", rates)] };
  for (const [thread, file] of threads) {
    yield { title: `${what}: own time of functions, ${thread}`, figures: topOf(`${folder.path}/${file}`) };
  }
}

async function ofHeartbeats(nodes: number, forMs: number): Promise<Group> {
  using folder = temporaryFolder();
  await using server = await startServer({ job: "resident.ts", profileFolder: folder.path });
  await using all = startProgram("crowd.ts", [
    server.address,
    benchPath("jobs/resident.ts"),
    String(nodes),
    "1",
    "256",
  ]);
  await printed(all);
  await delay(forMs);
  server.kill("SIGTERM");
  await server.exit();
  const title = `${nodes} idle nodes at 5 s, their joining and leaving included: own time of functions, server`;
  return { title, figures: topOf(`${folder.path}/server.cpuprofile`) };
}

/** Profiles of no-op tasks, also with a journal, of large payloads, all authenticated, and of heartbeats. */
export const profile: Benchmark = async function* ({ quick }) {
  yield* ofTasks("no-op tasks", "noop.ts", { window: quick ? 50_000 : 200_000 });
  yield* ofTasks("no-op tasks, journal on", "noop.ts", { window: 50_000 }, true);
  yield* ofTasks("1 MiB there and back", "echo.ts", { window: 500, bytes: 2 ** 20 });
  yield await ofHeartbeats(1_000, quick ? 10_000 : 30_000);
};
