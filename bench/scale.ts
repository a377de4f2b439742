/**
 * Many nodes and many tasks: what they cost a server in memory, processor time and patience.
 *
 * @module
 */
import { delay } from "./delay.ts";
import { benchPath, printed, runCluster, startProgram, startServer } from "./cluster.ts";
import { type Benchmark, type Figure, figure, type Group, inTurn, type Settings } from "./figures.ts";
import { readFull, writeFull } from "./raw.ts";
import { openFilesMax, tellsUsage, usageOf } from "./proc.ts";
import type { WindowReport } from "./jobs/windows.ts";

const resident = benchPath("jobs/resident.ts");
/** The most slots that a node may have (docs/protocol.md), and so the tasks that these nodes hold. */
const slotsMax = 4_096;
/** Files that a process needs beside its connections. */
const otherFiles = 200;

/** All of them dial from one address at once. */
const crowdFlags = ["--pending-max", "100000", "--pending-per-address-max", "100000"];

interface Memory {
  readonly pulled: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** A server whose job stays, and that says what memory it holds. */
async function residentServer(tasks: number) {
  const env = { DENO_V8_FLAGS: "--expose-gc" };
  const server = await startServer({ job: "resident.ts", options: { tasks }, env, serverFlags: crowdFlags });
  let asked = 0;
  const memory = async (): Promise<Memory> => {
    server.kill("SIGUSR2");
    asked++;
    const [, json] = await server.line(new RegExp(`^bench ${asked} (\\{.*\\})$`));
    return JSON.parse(json);
  };
  return { server, memory };
}

function crowd(address: string, nodes: number, slots: number, atOnce: number) {
  return startProgram("crowd.ts", [address, resident, String(nodes), String(slots), String(atOnce)]);
}

async function joining(nodes: number): Promise<number> {
  const { server } = await residentServer(0);
  await using _server = server;
  await using all = crowd(server.address, nodes, 1, nodes);
  return (await printed<{ joinedMs: number }>(all)).joinedMs / 1000;
}

/** A process that does nothing but hold connections. @returns bytes a connection */
async function bareConnection(connections: number): Promise<number> {
  await using process = startProgram("raw_server.ts", ["1024"]);
  const [, port] = await process.line(/^listening on (\d+)$/);
  const before = usageOf(process.pid).rssBytes;
  const conns: Deno.TcpConn[] = [];
  try {
    while (conns.length < connections) conns.push(await Deno.connect({ hostname: "127.0.0.1", port: Number(port) }));
    // The last one echoes: then all have been accepted.
    await writeFull(conns[connections - 1], new Uint8Array(1));
    await readFull(conns[connections - 1], new Uint8Array(1));
    return (usageOf(process.pid).rssBytes - before) / connections;
  } finally {
    for (const conn of conns) conn.close();
  }
}

async function idleNodes(nodes: number, watchSeconds: number): Promise<Figure[]> {
  const { server, memory } = await residentServer(0);
  await using _server = server;
  const before = await memory();
  await using all = crowd(server.address, nodes, 1, 256);
  await printed(all);
  // Heartbeats at 5 s have all begun after one period.
  await delay(6_000);
  const start = usageOf(server.pid);
  const startMs = performance.now();
  await delay(watchSeconds * 1000);
  const cpu = (usageOf(server.pid).cpuSeconds - start.cpuSeconds) / ((performance.now() - startMs) / 1000);
  const after = await memory();
  const each = (name: keyof Memory): number => (after[name] - before[name]) / nodes / 1024;
  const bare = `a bare connection of ${nodes}, resident memory`;
  return [
    figure(bare, "KiB", [await bareConnection(nodes) / 1024]),
    figure(`a node of ${nodes}, resident memory`, "KiB", [each("rss")], bare),
    figure(`a node of ${nodes}, live heap and buffers`, "KiB", [each("heapUsed") + each("external")]),
    figure(`${nodes} nodes, processor of the server`, "% of a core", [cpu * 100]),
  ];
}

/** Tasks that are out with nodes and come back never: what each holds on the server. */
async function inFlight(tasks: number): Promise<Figure[]> {
  const { server, memory } = await residentServer(tasks);
  await using _server = server;
  const before = await memory();
  await using all = crowd(server.address, Math.ceil(tasks / slotsMax), slotsMax, 8);
  await printed(all);
  let after = await memory();
  for (let polls = 0; after.pulled < tasks; polls++) {
    if (polls === 240) throw new Error(`only ${after.pulled} of ${tasks} tasks are out after a minute`);
    await delay(250);
    after = await memory();
  }
  const held = after.heapUsed + after.external - before.heapUsed - before.external;
  return [
    figure(`a task of ${tasks} in flight, live heap and buffers`, "KiB", [held / tasks / 1024]),
    figure(`a task of ${tasks} in flight, resident memory`, "KiB", [(after.rss - before.rss) / tasks / 1024]),
  ];
}

async function manyTasks(tasks: number): Promise<Figure[]> {
  const windows = 50;
  const { rates, rssBytes } = await runCluster<WindowReport>({
    job: "noop.ts",
    options: { nodes: 2, warmUp: 2, window: tasks / windows, windows },
    nodes: 2,
  });
  const tenth = windows / 10;
  const mebibytes = rssBytes.map((bytes) => bytes / 2 ** 20);
  const [rate, memory] = ["rate, first tenth", "resident memory of the server, first tenth"];
  return [
    figure(rate, "tasks/s", rates.slice(0, tenth)),
    figure("rate, last tenth", "tasks/s", rates.slice(-tenth), rate),
    figure(memory, "MiB", mebibytes.slice(0, tenth)),
    figure("resident memory of the server, last tenth", "MiB", mebibytes.slice(-tenth), memory),
  ];
}

async function nodeGroup({ quick }: Settings): Promise<Group> {
  const title = "nodes that are connected and idle, heartbeats at 5 s";
  const wanted = quick ? 1_000 : 10_000;
  const possible = (openFilesMax() ?? 0) - otherFiles;
  const nodes = Math.min(wanted, possible);
  if (!tellsUsage) return { title, figures: [], skipped: ["only Linux tells what another process takes"] };
  const skipped = nodes < wanted ? [`${wanted} nodes: a process may have ${possible} connections (ulimit -n)`] : [];
  return { title, figures: await idleNodes(nodes, quick ? 10 : 30), skipped };
}

/** Many of everything. */
export const scale: Benchmark = async function* (settings) {
  const { quick } = settings;
  yield {
    title: "1000 nodes that join at once",
    figures: await inTurn("s", quick ? 1 : 5, [{ name: "until all have joined", measure: () => joining(1_000) }]),
  };
  yield await nodeGroup(settings);
  yield { title: "tasks in flight", figures: await inFlight(quick ? 32 * slotsMax : 128 * slotsMax) };
  const tasks = quick ? 1_000_000 : 10_000_000;
  yield {
    title: `${tasks} tasks made as they are needed; 2 nodes of one worker, plain, journal off`,
    figures: await manyTasks(tasks),
  };
};
