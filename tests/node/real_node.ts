/** A node with real workers and a played server, in real time. */
import { systemClock } from "../../actors/clock.ts";
import { memoryTransport } from "../../actors/remote/memory.ts";
import type { LogMessage } from "../../actors/remote/protocol.ts";
import { type NodeHandle, type NodeOptions, startNode, workerUrlFor } from "../../node/mod.ts";
import { type FakeServer, fakeServer, type Peer } from "./fake_server.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface Real {
  readonly server: FakeServer;
  readonly node: NodeHandle;
}

/** The main module of a worker for one of the jobs of these tests. */
export const workerUrlOf = (job: string): string => workerUrlFor(import.meta.resolve(`./jobs/${job}.ts`));

/** Starts a node for one of the jobs of these tests, and ends everything after `use`. */
export async function withNode(
  job: string,
  options: Partial<NodeOptions>,
  use: (real: Real) => Promise<void>,
): Promise<void> {
  const transport = memoryTransport();
  const server = await fakeServer(transport, systemClock, { acknowledges: true });
  const node = startNode({
    job: { name: "test", codeHash: "0".repeat(64), workerUrl: workerUrlOf(job) },
    address: server.address,
    transport,
    packageVersion: "1.2.3",
    workers: 1,
    name: "lab1",
    logger: silent,
    ...options,
  });
  try {
    await use({ server, node });
  } finally {
    server.close();
    node.stop("the test is over");
    await node.done;
  }
}

/** Waits for so many lines that tasks wrote; those of the module itself may come or not. */
export async function taggedLines(peer: Peer, count: number): Promise<LogMessage[]> {
  for (let all = count;; all++) {
    const lines = (await peer.controls("log", all)).filter(({ task }) => task !== undefined);
    if (lines.length >= count) return lines;
  }
}
