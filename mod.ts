/**
 * Gristmill spreads number crunching over many machines: one server owns a job, any number of nodes dial in, compute,
 * and hand results back. Nodes may crash, join late, run another system; each result is counted exactly once.
 *
 * A program that is server and node in one:
 *
 * ```ts ignore
 * import { defineJob, main } from "@gristmill/gristmill";
 *
 * const job = defineJob({
 *   name: "squares",
 *   options: { upTo: 1000 },
 *   state: () => ({ sum: 0 }),
 *   *tasks({ upTo }) {
 *     for (let number = 1; number <= upTo; number++) yield number;
 *   },
 *   total: ({ upTo }) => upTo,
 *   compute: (number) => number * number,
 *   collect(square, _number, { state }) {
 *     state.sum += square;
 *   },
 *   finish: (_summary, { state }) => console.log(state.sum),
 * });
 *
 * await main(job, import.meta);
 * ```
 *
 * Or export the job as the default of a module, and start it with the `gristmill` command.
 *
 * @module
 */

// Writing a job: all of `@gristmill/gristmill/job`.
export * from "./job/mod.ts";

// Making a program that is server and node in one.
export { main } from "./cli/program.ts";

// Starting a server within a program of one's own.
export { type LoadedJob, type ServerHandle, type ServerOptions, startServer } from "./server/server.ts";
export type { Steering } from "./server/steering.ts";
export type { NodeStatistics, Progress } from "./server/messages.ts";

// The journal, from which a server resumes a job that was interrupted.
export * from "./server/journal/mod.ts";

// Starting a node within a program of one's own: `workerUrlFor` makes the main module of its workers.
export { startNode } from "./node/node.ts";
export type { JobSource, NodeOptions } from "./node/node_options.ts";
export type { NodeHandle, NodeState, NodeStatus, NodeSummary, StopOptions } from "./node/node_types.ts";
export type { PermissionKind, TaskPermissions } from "./node/permissions.ts";
export type { FromWorker, SpawnWorker, ToWorker, WorkerEvents, WorkerPort } from "./node/worker_protocol.ts";
export { workerUrlFor } from "./node/worker_url.ts";
export { serveWorker } from "./node/worker.ts";
export { hashCode, type ReadModule, readModule } from "./cli/code_hash.ts";

// The settings of both, with their defaults and their limits.
export { checkConfig, type Config, type ConfigField, configFields, defaultConfig } from "./server/config.ts";
export { ConfigError } from "./server/errors.ts";

// How server and nodes reach each other: over TCP or TLS, or within one process.
export { type MemoryOptions, memoryTransport } from "./actors/remote/memory.ts";
export { type TcpOptions, tcpTransport, type TlsOptions } from "./actors/remote/tcp.ts";
export type { TlsTrust } from "./actors/remote/tls.ts";
export type { WireLimits } from "./actors/remote/limits.ts";
export type { Address, ConnectOptions, Link, Listener, Transport } from "./actors/remote/transport.ts";
export { TransportError, type TransportErrorCode } from "./actors/remote/errors.ts";

// Versions, which server and nodes must share.
export { packageVersion } from "./version.ts";
export { type LogMessage, protocolVersion, type TaskFailure } from "./actors/remote/protocol.ts";

// The actor system and the logger that a server or a node can be given. The whole actor runtime has an entry of its
// own, `@gristmill/gristmill/actors`.
export { createSystem } from "./actors/system.ts";
export { createLogger, type LoggerOptions } from "./actors/log.ts";
export type {
  AskOptions,
  Behavior,
  Clock,
  Context,
  DeadLetter,
  DeadLetterReason,
  Handler,
  Logger,
  LogLevel,
  Next,
  Observer,
  Random,
  Ref,
  RestartPolicy,
  SpawnOptions,
  Supervision,
  System,
  SystemOptions,
  Terminated,
  TerminationReason,
} from "./actors/types.ts";
export { stop } from "./actors/types.ts";
