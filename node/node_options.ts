/**
 * What a node is started with.
 *
 * @module
 */
import { checkToken } from "../actors/remote/token.ts";
import { resolveLimits, type WireLimits } from "../actors/remote/limits.ts";
import type { Address, Transport } from "../actors/remote/transport.ts";
import type { Clock, Logger, Random, System } from "../actors/types.ts";
import { missingPermissions, type TaskPermissions } from "./permissions.ts";
import { processSpawner } from "./spawn_process.ts";
import { workerSpawner } from "./spawn_worker.ts";
import type { SpawnWorker } from "./worker_protocol.ts";

/** The job that a node computes. */
export interface JobSource {
  /** The job's name; the server must serve one of this name. */
  readonly name: string;
  /** The hash of the job's code; the server must serve the same code. 64 hexadecimal digits. */
  readonly codeHash: string;
  /** The main module of the workers, as `workerUrlFor` makes it. */
  readonly workerUrl: string | URL;
}

/** Options of `startNode`. */
export interface NodeOptions {
  /** The job to compute. */
  readonly job: JobSource;
  /** Where the server listens. */
  readonly address: Address;
  /** How the server is dialled. */
  readonly transport: Transport;
  /** The version of this package; the server refuses another one. */
  readonly packageVersion: string;
  /** How many tasks are computed at once, each in a worker of its own. */
  readonly workers: number;
  /** The node's name, for people. @default host name and process id */
  readonly name?: string;
  /** What the node says of itself, such as `{ gpu: "1" }`. @default {} */
  readonly labels?: Readonly<Record<string, string>>;
  /** The nodes' token, or what the server was given. At least 16 characters. @default none */
  readonly token?: string;
  /**
   * How many failed attempts in a row to reach the server are tolerated; `Infinity` for any number. With the default
   * delay, 30 of them take 12 minutes on average: a server may be moved or started again. @default 30
   */
  readonly retryCounter?: number;
  /**
   * The bound of the first wait before the server is dialled again, in milliseconds; it doubles up to 60 s.
   * @default 1000
   */
  readonly retryDelayMs?: number;
  /** How long an attempt to connect, and then the handshake, may take, in milliseconds. @default 10000 */
  readonly connectTimeoutMs?: number;
  /**
   * How long a worker may go on with a task that was cancelled before it is replaced, in milliseconds.
   * @default 1000
   */
  readonly taskGraceMs?: number;
  /**
   * How long before the end of its lifetime the node leaves, in milliseconds. Tasks that run may use all but the last
   * 2 s of it. @default 10000
   */
  readonly drainGraceMs?: number;
  /**
   * How long the node will live from its start, in milliseconds, such as a batch system allows; more than
   * `drainGraceMs`. The server gives it nothing that would take longer, and it leaves by itself. @default for ever
   */
  readonly lifetimeMs?: number;
  /** The limits of the connection; the server should have the same. @default those of `WireLimits` */
  readonly limits?: Partial<WireLimits>;
  /** Whether frames are compressed where that pays. @default true, but on local links */
  readonly compress?: boolean;
  /**
   * Whether each slot is a worker in this process, or in a process of its own: then a task that runs out of memory, or
   * breaks the runtime, ends nothing but itself. Costs a process a slot, and some 0.2 ms a task; needs the permission
   * to run Deno. @default "worker"
   */
  readonly isolation?: "worker" | "process";
  /**
   * How much memory a slot may have, in MiB. A worker is looked at between tasks and when it waits, and what it has not
   * freed counts; a process is looked at all the time. Who has more is replaced, and the running task reported. 0 for
   * no limit. @default 0
   */
  readonly workerMemoryMb?: number;
  /**
   * Flags for the `deno run` of each process, such as `--import-map`: those by which this process finds its modules.
   * Not for compiled programs. @default none
   */
  readonly spawnFlags?: readonly string[];
  /** What user code may do beside computing: no more than this process may itself. @default nothing */
  readonly permissions?: TaskPermissions;
  /** The system in which the node's actors live. @default one of the node's own */
  readonly system?: System;
  /** The clock of the node's own system. @default the platform's monotonic clock */
  readonly clock?: Clock;
  /** The randomness of the node's own system. @default seeded by the platform */
  readonly random?: Random;
  /** The log of the node's own system. @default only failures, to the standard error */
  readonly logger?: Logger;
  /** Starts one worker; for simulations and tests. @default real workers without permissions */
  readonly spawnWorker?: SpawnWorker;
}

/** The options that the node's actors need, with the defaults filled in. */
export interface ResolvedNodeOptions extends Omit<NodeOptions, "system" | "clock" | "random" | "logger"> {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly retryCounter: number;
  readonly retryDelayMs: number;
  readonly connectTimeoutMs: number;
  readonly taskGraceMs: number;
  readonly drainGraceMs: number;
  readonly isolation: "worker" | "process";
  readonly workerMemoryMb: number;
  readonly spawnWorker: SpawnWorker;
}

/** The longest time that may be asked for, in milliseconds: 24 days. */
export const timerMsMax = 2 ** 31 - 1;

/** Checks a number of an option. @throws {RangeError} If it is out of its bounds. */
export function within(name: string, value: number, min: number, max: number, isWhole = true): number {
  if ((isWhole && !Number.isInteger(value)) || !(value >= min && value <= max)) {
    throw new RangeError(
      `Cannot use ${name} = ${value}: it must be ${isWhole ? "a whole number " : ""}from ${min} to ${max}`,
    );
  }
  return value;
}

function defaultName(): string {
  return `${Deno.hostname()}-${Deno.pid}`;
}

function spawnerOf(options: NodeOptions): SpawnWorker {
  const { job: { workerUrl }, isolation, workerMemoryMb: memoryMb, spawnFlags: flags, permissions } = options;
  if (isolation !== "process") return workerSpawner(workerUrl, permissions);
  return processSpawner(workerUrl, { flags, memoryMb, permissions });
}

/**
 * Fills in the defaults and checks all numbers.
 *
 * @throws {RangeError} If a number is out of its bounds, or the token cannot be used.
 */
export function resolveNodeOptions(options: NodeOptions): ResolvedNodeOptions {
  const { retryCounter = 30, retryDelayMs = 1000, connectTimeoutMs = 10_000, taskGraceMs = 1000 } = options;
  const { drainGraceMs = 10_000, lifetimeMs } = options;
  if (options.token) checkToken(options.token);
  const missing = missingPermissions(options.permissions ?? {});
  if (missing.length > 0) {
    const words = missing.join(" ");
    throw new RangeError(`Cannot grant user code ${words}: this process may not do it; start Deno with ${words}`);
  }
  within("drainGraceMs", drainGraceMs, 0, timerMsMax);
  if (lifetimeMs !== undefined && !(lifetimeMs > drainGraceMs && lifetimeMs <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(
      `Cannot use lifetimeMs = ${lifetimeMs}: it must be more than drainGraceMs = ${drainGraceMs}, for the node ` +
        "leaves so long before its end",
    );
  }
  const { isolation = "worker", workerMemoryMb = 0 } = options;
  within("workerMemoryMb", workerMemoryMb, 0, 2 ** 24);
  resolveLimits(options.limits);
  return {
    ...options,
    isolation,
    workerMemoryMb,
    workers: within("workers", options.workers, 1, 4096),
    name: options.name || defaultName(),
    labels: options.labels ?? {},
    token: options.token || undefined,
    retryCounter: retryCounter === Infinity ? Infinity : within("retryCounter", retryCounter, 0, 1e9),
    retryDelayMs: within("retryDelayMs", retryDelayMs, 1, timerMsMax),
    connectTimeoutMs: within("connectTimeoutMs", connectTimeoutMs, 1, timerMsMax),
    taskGraceMs: within("taskGraceMs", taskGraceMs, 0, timerMsMax),
    drainGraceMs,
    lifetimeMs,
    spawnWorker: options.spawnWorker ?? spawnerOf(options),
  };
}
