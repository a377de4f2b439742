/**
 * A node: it dials a server and computes for it.
 *
 * @module
 */

// Starting a node, and what comes of it.
export { startNode } from "./node.ts";
export type { JobSource, NodeOptions } from "./node_options.ts";
export type { NodeHandle, NodeState, NodeStatus, NodeSummary, StopOptions } from "./node_types.ts";

// The workers that run user code.
export { serveWorker } from "./worker.ts";
export { workerUrlFor } from "./worker_url.ts";
export type { FromWorker, SpawnWorker, ToWorker, WorkerEvents, WorkerPort } from "./worker_protocol.ts";
