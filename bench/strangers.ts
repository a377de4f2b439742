/**
 * What strangers cost the nodes of a server: peers that connect and never introduce themselves, all of them let in and
 * kept, which the server's default limits would not allow.
 *
 * @module
 */
import { benchPath, printed, startProgram, startServer } from "./cluster.ts";
import { type Benchmark, figure, type Group } from "./figures.ts";
import type { WindowReport } from "./jobs/windows.ts";
import { openFilesMax } from "./proc.ts";
import { gristmill } from "../tests/process/harness.ts";

const kinds = ["silent", "slow", "stuck"] as const;
const counts = [1, 100, 2_000] as const;

/** Lets all of them in, and for longer than a measurement takes. */
const serverFlags = ["--pending-max", "10000", "--pending-per-address-max", "10000", "--handshake-timeout", "3600000"];
/** What a process has open beside the connections. */
const otherFiles = 100;

async function measure(strangers: readonly [kind: string, count: number] | undefined, windows: number, window: number) {
  await using stack = new AsyncDisposableStack();
  const options = { nodes: 1, window, windows };
  const server = stack.use(await startServer({ job: "noop.ts", options, serverFlags }));
  if (strangers) {
    const crowd = stack.use(startProgram("strangers_crowd.ts", [server.address, strangers[0], String(strangers[1])]));
    await crowd.line(/^all are there$/);
  }
  const args = ["node", "--quiet", "--join", server.address, "--workers", "1", benchPath("jobs/noop.ts")];
  stack.use(gristmill(args, { deadlineMs: 900_000 }));
  return await printed<WindowReport>(server);
}

/** Strangers beside a node at work. */
export const strangers: Benchmark = async function* ({ quick }) {
  const most = (openFilesMax() ?? Infinity) - otherFiles;
  const ways = kinds.flatMap((kind) => counts.map((count) => [kind, count] as const));
  const fitting = ways.filter(([, count]) => count <= most);
  const rows = [undefined, ...fitting].map((way) => ({
    ...{ way, name: way ? `${way[1]} ${way[0]}` : "none", against: way && "none" },
    ...{ rates: [] as number[], micros: [] as number[], grown: [] as number[] },
  }));
  // In turn, so that whatever else the machine does hits all alike.
  for (let round = 0; round < (quick ? 1 : 12); round++) {
    for (const { way, rates, micros, grown } of rows) {
      // Long enough that the memory of many strangers has come to rest, and their cost stands out from noise.
      const report = await measure(way, quick ? 3 : 8, quick ? 20_000 : 100_000);
      rates.push(...report.rates);
      micros.push(...report.serverMicros);
      grown.push((report.rssBytes.at(-1)! - report.rssBytes[0]) / 2 ** 20);
    }
  }
  const skipped = ways.filter((way) => !fitting.includes(way)).map(([kind, count]) =>
    `${count} ${kind}: this user may have ${most + otherFiles} files open (ulimit -n)`
  );
  const table = (title: string, unit: string, of: "rates" | "micros" | "grown"): Group => {
    const isRatio = of !== "grown";
    return { title, figures: rows.map((row) => figure(row.name, unit, row[of], isRatio ? row.against : undefined)) };
  };
  yield { ...table("no-op tasks on one node, beside strangers", "tasks/s", "rates"), skipped };
  yield table("processor time of the server for a no-op task, all its threads", "µs/task", "micros");
  yield table("what the server grew by from the first measurement to the last", "MiB", "grown");
};
