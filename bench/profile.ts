/**
 * Where the time of a no-op task goes: V8's profiles of a server, of a node's I/O thread and of its worker, as the
 * functions that took the most processor time themselves.
 *
 * @module
 */
import { temporaryFolder } from "../tests/process/harness.ts";
import { runCluster } from "./cluster.ts";
import { type Benchmark, type Figure, figure } from "./figures.ts";

/** What V8 writes. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** How many functions of each thread are shown. */
const shown = 15;
const project = new URL("../", import.meta.url).href;
const threads = [
  ["server", "server.cpuprofile"],
  ["I/O thread of the node", "node-0.cpuprofile"],
  ["worker of the node", "node-0.worker-1.cpuprofile"],
] as const;

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
    if (name === "(idle)") continue;
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

/** Profiles of no-op tasks: a server and one node of one worker, authenticated, journal off. */
export const profile: Benchmark = async function* ({ quick }) {
  using folder = temporaryFolder();
  const { rates } = await runCluster<{ rates: number[] }>({
    job: "noop.ts",
    options: { nodes: 1, window: quick ? 50_000 : 200_000, windows: 5 },
    nodes: 1,
    security: "authenticated",
    profileFolder: folder.path,
  });
  yield { title: "rate under the profiler, 1 node of one worker", figures: [figure("no-op tasks", "tasks/s", rates)] };
  for (const [thread, file] of threads) {
    yield { title: `own time of functions, ${thread}`, figures: topOf(`${folder.path}/${file}`) };
  }
};
