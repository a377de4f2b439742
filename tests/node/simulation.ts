/** A node with fake workers and a played server, on virtual time. */
import { createTestSystem } from "../../actors/mod.ts";
import type { TestSystem } from "../../actors/mod.ts";
import { memoryTransport } from "../../actors/remote/memory.ts";
import type { Transport } from "../../actors/remote/transport.ts";
import type { Clock, LogLevel } from "../../actors/types.ts";
import type { JobNode } from "../../job/types.ts";
import { type NodeHandle, type NodeOptions, startNode } from "../../node/mod.ts";
import { type FakeServer, fakeServer, type Greeting, type Peer } from "./fake_server.ts";
import { type FakeWorkerOptions, type FakeWorkers, fakeWorkers, jobOfNode } from "./fake_worker.ts";

export interface Line {
  readonly level: LogLevel;
  readonly text: string;
}

export interface Simulation {
  readonly test: TestSystem;
  readonly network: Transport;
  readonly server: FakeServer;
  readonly workers: FakeWorkers;
  readonly node: NodeHandle;
  /** What the node logged. */
  readonly lines: Line[];
  /** Takes the node's next connection. */
  readonly accept: (greeting?: Greeting | "silent") => Promise<Peer>;
}

export interface SimulationOptions {
  readonly node?: Partial<NodeOptions>;
  readonly worker?: FakeWorkerOptions;
  /** Draws the order of things. @default 1 */
  readonly seed?: number;
  readonly half: (clock: Clock, options: Record<string, unknown>) => JobNode;
}

/** Starts a node whose workers run `half`, and ends everything after `use`. */
export async function simulate(options: SimulationOptions, use: (s: Simulation) => Promise<void>): Promise<void> {
  const lines: Line[] = [];
  const at = (level: LogLevel) => (text: string): void => void lines.push({ level, text });
  const logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const test = createTestSystem({ seed: options.seed ?? 1, logger });
  const network = memoryTransport({ clock: test.clock });
  const server = await fakeServer(network, test.clock);
  const workers = fakeWorkers(jobOfNode((values) => options.half(test.clock, values)), test.clock, options.worker);
  const node = startNode({
    job: { name: "test", codeHash: "0".repeat(64), workerUrl: "data:," },
    address: server.address,
    transport: network,
    packageVersion: "1.2.3",
    workers: 1,
    name: "lab1",
    system: test,
    spawnWorker: workers.spawn,
    ...options.node,
  });
  try {
    await use({
      test,
      network,
      server,
      workers,
      node,
      lines,
      accept: (greeting) => test.until(server.accept(greeting), { maxMs: 600_000 }),
    });
  } finally {
    server.close();
    await test.until(test.stop());
  }
}
