/**
 * A server in a test system: virtual time, a network in memory, and nodes as scripts.
 *
 * @module
 */
import { createTestSystem, type TestSystem } from "../../actors/mod.ts";
import { memoryTransport } from "../../actors/remote/memory.ts";
import type { Transport } from "../../actors/remote/transport.ts";
import type { Order } from "../../actors/remote/protocol.ts";
import type { Logger } from "../../actors/types.ts";
import { type Answered, giveOrder } from "../../cli/operator.ts";
import type { Job } from "../../job/types.ts";
import { checkConfig, type Config } from "../../server/config.ts";
import type { Journal } from "../../server/journal/types.ts";
import { createPeers, type Peers } from "../../server/peers.ts";
import { type ServerHandle, startServerWith } from "../../server/server.ts";
import type { Progress } from "../../server/messages.ts";
import { dial, type FakeNode, type FakeNodeOptions, identity } from "./fake_node.ts";

/** A server at work under virtual time. */
export interface TestServer {
  readonly system: TestSystem;
  readonly server: ServerHandle;
  /** The network, and where on it the server listens. */
  readonly transport: Transport;
  readonly port: number;
  /** Gives an order as an operator, and runs until it is answered. */
  readonly order: (order: Omit<Order, "type" | "id">, options?: { readonly token?: string }) => Promise<Answered>;
  /** Dials in, and runs until the handshake is over and tasks that are due have come. */
  readonly join: (options?: Partial<FakeNodeOptions>) => Promise<FakeNode>;
  /** Lets everything happen that needs no time. */
  readonly settle: () => Promise<void>;
  /** All log lines, as `level: text`. */
  readonly log: string[];
  readonly progress: Progress[];
}

function collectingLogger(lines: string[]): Logger {
  const write = (level: string) => (text: string, fields?: Readonly<Record<string, unknown>>) =>
    void lines.push(`${level}: ${text} ${JSON.stringify(fields ?? {})}`);
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** Starts a server for a job. Its heartbeat is 1 s, if not said otherwise. */
export async function serve(
  job: Job,
  options: {
    readonly config?: Partial<Config>;
    readonly seed?: number;
    readonly journal?: Journal;
    /** Changes what the server's actors say to each other. @default nothing is changed */
    readonly peers?: Peers;
  } = {},
): Promise<TestServer> {
  const log: string[] = [];
  const progress: Progress[] = [];
  const logger = collectingLogger(log);
  const system = createTestSystem({ seed: options.seed, logger });
  const { clock } = system;
  const transport = memoryTransport({ clock });
  const listener = await transport.listen({ host: "127.0.0.1", port: 0 });
  const server = startServerWith(options.peers ?? createPeers(), {
    job: { job, options: job.options, codeHash: identity.codeHash },
    config: checkConfig({ heartbeatMs: 1_000, ...options.config }),
    listeners: [listener],
    packageVersion: identity.package,
    system,
    logger,
    journal: options.journal,
    epochMs: 0,
    onProgress: (one) => progress.push(one),
  });
  return {
    system,
    server,
    transport,
    port: listener.address.port,
    log,
    progress,
    settle: system.runUntilIdle,
    order: async (order, options = {}) => {
      const self = { package: identity.package, name: "op", ...options };
      let isOver = false;
      const answered = giveOrder({ address: listener.address, transport, ...self }, order).finally(() => isOver = true);
      answered.catch(() => {});
      while (!isOver) await passTime(system);
      return await answered;
    },
    join: async (node = {}) => {
      const dialled = dial({ transport, clock, port: listener.address.port, ...node });
      await system.runUntilIdle();
      const joined = await dialled;
      await settleHandshake(system, joined);
      return joined;
    },
  };
}

/** A proof is checked by the platform's cryptography, which takes real time; everything else is idle meanwhile. */
async function settleHandshake(system: TestSystem, node: FakeNode): Promise<void> {
  await system.runUntilIdle();
  while (!node.isWelcome() && !node.refusal()) await passTime(system);
  await system.runUntilIdle();
}

/** Gives what takes real time a chance, and then what follows from it. */
async function passTime(system: TestSystem): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  await system.runUntilIdle();
}
