// deno-lint-ignore-file no-console -- it is a command
/**
 * `npm run simulate -- [--seeds N] [--nodes N] [--tasks N] [--seed FIRST] [--threads N]`: simulates a cluster from each
 * of these seeds, and holds it to its guarantees. Ends with 1 if one of them fails, and says how to run that one again.
 *
 * @module
 */
import { parseArguments } from "../../cli/args.ts";
import { UsageError } from "../../cli/errors.ts";
import { replayCommand } from "./replay.ts";
import type { SeedOrder, SeedProgress, SeedReport } from "./run_seeds.ts";
import type { Size } from "./scenario.ts";

const flagHelp = [
  ["seeds", "how many clusters are simulated (default 100)"],
  ["nodes", "how many nodes each has at first (default 50)"],
  ["tasks", "how many tasks each has (default 2000)"],
  ["seed", "the first seed (default 1)"],
  ["threads", "how many are simulated at once (default: one a core)"],
] as const;
/** How often progress is told, in milliseconds. */
const tellEveryMs = 10_000;

interface Plan {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly threads: number;
  readonly size: Size;
}

function readPlan(args: readonly string[]): Plan {
  const { flags, positionals } = parseArguments(args, flagHelp.map(([name, help]) => ({ name, help, type: "number" })));
  if (positionals.length > 0) throw new UsageError(`Unexpected word ${JSON.stringify(positionals[0])}`);
  const whole = (name: string, initial: number): number => {
    const value = flags.get(name) ?? initial;
    if (Number.isSafeInteger(value) && value as number >= 1) return value as number;
    throw new UsageError(`Cannot use --${name} ${value}: it must be a whole number from 1`);
  };
  const seeds = whole("seeds", 100);
  return {
    seeds,
    firstSeed: whole("seed", 1),
    threads: Math.min(seeds, whole("threads", navigator.hardwareConcurrency)),
    size: { nodes: whole("nodes", 50), tasks: whole("tasks", 2_000) },
  };
}

/** What all seeds came to. */
interface Total {
  done: number;
  failed: number;
  elapsedMs: number;
  rssMax: number;
  readonly troubles: Map<string, number>;
  /** The seeds that take long. */
  readonly running: Map<number, SeedProgress>;
}

function add(total: Total, { violation, seed, troubles = new Map(), elapsedMs = 0 }: SeedReport, size: Size): void {
  total.done++;
  total.running.delete(seed);
  total.elapsedMs += elapsedMs;
  total.rssMax = Math.max(total.rssMax, Deno.memoryUsage().rss);
  for (const [what, count] of troubles) total.troubles.set(what, (total.troubles.get(what) ?? 0) + count);
  if (violation === undefined) return;
  total.failed++;
  console.error(`seed ${seed} fails: ${violation}; again with: ${replayCommand(seed, size)}`);
}

/** Has one thread run seeds until none is left. */
function runThread(next: () => SeedOrder | undefined, hear: (said: SeedReport | SeedProgress) => void): Promise<void> {
  const worker = new Worker(new URL("./run_seeds.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    const go = () => {
      const order = next();
      if (order) return worker.postMessage(order);
      worker.terminate();
      resolve();
    };
    worker.onmessage = ({ data }: MessageEvent<SeedReport | SeedProgress>) => {
      hear(data);
      if (!("ended" in data)) go();
    };
    worker.onerror = (event) => reject(new Error(`a thread has ended: ${event.message}`));
    go();
  });
}

function tellAll({ done, failed, elapsedMs, rssMax, troubles }: Total, { size, threads }: Plan, wallMs: number): void {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const clusters = `${done} ${done === 1 ? "cluster" : "clusters"} of ${size.nodes} nodes and ${size.tasks} tasks`;
  console.log(`${clusters}: ${failed === 0 ? "all guarantees held" : `${failed} failed`}`);
  for (const [what, count] of [...troubles].sort()) console.log(`  ${String(count).padStart(9)}  ${what}`);
  const memory = `${Math.round(rssMax / 2 ** 20)} MiB of memory at most`;
  console.log(`${seconds(wallMs)} in ${threads} threads for ${seconds(elapsedMs)} of virtual time; ${memory}`);
}

async function main(plan: Plan): Promise<boolean> {
  const { seeds, firstSeed, threads, size } = plan;
  const startedMs = performance.now();
  const total: Total = { done: 0, failed: 0, elapsedMs: 0, rssMax: 0, troubles: new Map(), running: new Map() };
  const look = setInterval(() => {
    total.rssMax = Math.max(total.rssMax, Deno.memoryUsage().rss);
    const wallMs = performance.now() - startedMs;
    console.error(`${total.done} of ${seeds} clusters after ${Math.round(wallMs / 1_000)} s, ${total.failed} failed`);
    for (const { seed, ended, virtualMs } of total.running.values()) {
      console.error(
        `  seed ${seed}: ${ended} of ${size.tasks} tasks after ${Math.round(virtualMs)} ms of virtual time`,
      );
    }
  }, tellEveryMs);
  let seed = firstSeed;
  const next = () => seed < firstSeed + seeds ? { seed: seed++, size } : undefined;
  const hear = (said: SeedReport | SeedProgress) => {
    if ("ended" in said) total.running.set(said.seed, said);
    else add(total, said, size);
  };
  await Promise.all(Array.from({ length: threads }, () => runThread(next, hear)));
  clearInterval(look);
  tellAll(total, plan, performance.now() - startedMs);
  return total.failed === 0;
}

try {
  if (!await main(readPlan(Deno.args))) Deno.exit(1);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`error: ${error.message}`);
  for (const [name, help] of flagHelp) console.error(`  --${name.padEnd(8)} N  ${help}`);
  Deno.exit(2);
}
