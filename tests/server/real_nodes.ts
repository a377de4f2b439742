/**
 * The real server with real nodes, all settings as they are by default, on virtual time.
 *
 * @module
 */
import { createTestSystem, type TestSystem } from "../../actors/mod.ts";
import { type FaultyTransport, faultyTransport } from "../../actors/remote/faulty.ts";
import { memoryTransport } from "../../actors/remote/memory.ts";
import type { Transport } from "../../actors/remote/transport.ts";
import { defineJob } from "../../job/mod.ts";
import type { Job } from "../../job/types.ts";
import { type NodeHandle, startNode } from "../../node/mod.ts";
import { checkConfig } from "../../server/config.ts";
import { type ServerHandle, startServer } from "../../server/server.ts";
import { virtualWorkers } from "../simulation/virtual_worker.ts";
import { identity } from "./fake_node.ts";

/** A logger for nobody. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A server and its nodes. */
export interface Cluster {
  readonly test: TestSystem;
  readonly server: ServerHandle;
  /** Starts a node with one worker. */
  readonly join: (name: string) => { readonly node: NodeHandle; readonly network: FaultyTransport };
  /** What was computed, as `task on node`. */
  readonly computed: string[];
  readonly collected: number[];
  /** When the last result was collected, in milliseconds of the virtual clock. */
  readonly collectedMs: () => number;
}

/** Starts a server for tasks of these lengths, in milliseconds. A first attempt of length `Infinity` never ends. */
export async function startCluster(lengths: readonly number[], seed: number): Promise<Cluster> {
  const test = createTestSystem({ seed, logger: silent });
  const { clock, random } = test;
  const wire: Transport = memoryTransport({ clock });
  const computed: string[] = [];
  const collected: number[] = [];
  let collectedMs = 0;
  const jobOf = (name: string): Job =>
    defineJob({
      name: identity.job,
      tasks: () => lengths.keys(),
      compute: async (task, { signal, attempt }) => {
        computed.push(`${task} on ${name}`);
        if (lengths[task] === Infinity) return attempt === 1 ? await new Promise<never>(() => {}) : task;
        await new Promise<void>((resolve) => {
          const cancel = clock.setTimer(lengths[task], resolve);
          signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
        });
        return task;
      },
      collect: (task) => {
        collected.push(task);
        collectedMs = clock.now();
      },
    });
  const listener = await wire.listen({ host: "server", port: 9_000 });
  const server = startServer({
    job: { job: jobOf("the server"), options: {}, codeHash: identity.codeHash },
    config: checkConfig({}),
    listeners: [listener],
    ...{ packageVersion: identity.package, system: test, logger: silent, epochMs: 0 },
  });
  const join = (name: string) => {
    const network = faultyTransport(wire, { clock, random });
    const node = startNode({
      job: { name: identity.job, codeHash: identity.codeHash, workerUrl: "" },
      ...{ name, workers: 1, address: listener.address, transport: network, packageVersion: identity.package },
      system: test.createPeer({ name, logger: silent }),
      spawnWorker: virtualWorkers(() => jobOf(name), clock),
    });
    return { node, network };
  };
  return { test, server, join, computed, collected, collectedMs: () => collectedMs };
}
