/**
 * Starts a node.
 *
 * @module
 */
import { createSystem } from "../actors/mod.ts";
import type { NodeId } from "../actors/remote/protocol.ts";
import { nodeActor } from "./node_actor.ts";
import { type NodeOptions, resolveNodeOptions, timerMsMax, within } from "./node_options.ts";
import type { NodeHandle, NodeState, NodeSummary } from "./node_types.ts";
import { createUplink } from "./uplink.ts";

/**
 * Starts a node: it loads the job into its workers, dials the server, again and again if need be, and computes until
 * the server says that the job is over.
 *
 * @throws {RangeError} If an option is out of its bounds.
 *
 * @example
 * ```ts
 * import { startNode } from "./node.ts";
 * import { workerUrlFor } from "./worker_url.ts";
 * import { tcpTransport } from "../actors/remote/payload.ts";
 *
 * const node = startNode({
 *   job: { name: "primes", codeHash: "0".repeat(64), workerUrl: workerUrlFor(import.meta.resolve("./primes.ts")) },
 *   address: { host: "127.0.0.1", port: 9000 },
 *   transport: tcpTransport(),
 *   packageVersion: "0.1.0",
 *   workers: 4,
 * });
 * const { outcome, message } = await node.done;
 * ```
 */
export function startNode(options: NodeOptions): NodeHandle {
  const resolved = resolveNodeOptions(options);
  const { clock, random, logger } = options;
  const system = options.system ?? createSystem({ name: "node", clock, random, logger });
  const done = Promise.withResolvers<NodeSummary>();
  const status: { state: NodeState; node?: NodeId } = { state: "connecting" };
  const counts = { busy: 0, queued: 0, computed: 0, failed: 0 };
  const uplink = createUplink();

  const settle = (outcome: NodeSummary["outcome"], message: string): void => {
    status.state = "ended";
    done.resolve({ outcome, message, computed: counts.computed, failed: counts.failed });
  };
  const ref = system.spawn(nodeActor(resolved, { status, counts, uplink, log: logger, settle }), {
    name: "node",
    mailboxMax: Infinity,
  });
  return {
    done: options.system ? done.promise : done.promise.then(async (summary) => {
      await system.stop();
      return summary;
    }),
    stop: (reason, { graceMs = 0 } = {}) => {
      ref.tell({ type: "stop", reason, graceMs: within("graceMs", graceMs, 0, timerMsMax, false) });
    },
    status: () => ({ ...status, ...counts, unacknowledged: uplink.unacknowledged() }),
  };
}
