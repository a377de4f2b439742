/**
 * Starts a server: one job, its actors, and the listeners that nodes dial in to.
 *
 * @module
 */
import { createLogger, createSystem } from "../actors/mod.ts";
import type { Behavior, Clock, Logger, Random, System, Terminated } from "../actors/types.ts";
import { encodePayload } from "../actors/remote/payload.ts";
import type { Listener } from "../actors/remote/transport.ts";
import { fillJobOptions } from "../job/job_options.ts";
import type { Job, JobOptions, Summary } from "../job/types.ts";
import { type Config, wireLimitsOf } from "./config.ts";
import type { Journal } from "./journal/types.ts";
import type { Progress, RootMessage } from "./messages.ts";
import { createPeers, internalMailboxMax, type PeerRefs, type Peers } from "./peers.ts";
import { newRun } from "./run_identity.ts";
import { root, type RootOptions } from "./root.ts";
import { createSteering, type Steering } from "./steering.ts";

/** The attempts at a task that fails, where neither the job nor the settings say. */
const maxAttemptsDefault = 3;

/** A job with everything that is fixed once it has been loaded. */
export interface LoadedJob {
  /** The job. */
  readonly job: Job;
  /** Values for the job's options; what is missing has the job's default. */
  readonly options: JobOptions;
  /** The hash of the job's code: nodes must have the same. 64 hexadecimal digits. */
  readonly codeHash: string;
}

/** Options of {@linkcode startServer}. */
export interface ServerOptions {
  /** The job to serve. */
  readonly job: LoadedJob;
  /** The settings, as `checkConfig` fills them in. */
  readonly config: Config;
  /** Where nodes dial in. The server closes them at its end. */
  readonly listeners: readonly Listener[];
  /** The version of this package; nodes must have the same. */
  readonly packageVersion: string;
  /** The system in which the server's actors live. @default one of the server's own */
  readonly system?: System;
  /** The clock of the server's own system. @default the platform's monotonic clock */
  readonly clock?: Clock;
  /** The randomness of the server's own system. @default seeded by the platform */
  readonly random?: Random;
  /** Where log lines go, also those of user code. @default only failures, to the standard error */
  readonly logger?: Logger;
  /** Where results are stored before they count, so that the job can be resumed. @default nowhere */
  readonly journal?: Journal;
  /** What is 1970 by the clock, as what must be added to its time, in milliseconds. @default the platform's */
  readonly epochMs?: number;
  /** Hears how far the job is, a few times a second. @default nobody */
  readonly onProgress?: (progress: Progress) => void;
}

/** A server at work. */
export interface ServerHandle extends Steering {
  /** How the job went; rejects only for a bug of the server. */
  readonly done: Promise<Summary>;
}

/**
 * Starts a server for one job.
 *
 * @throws {JobError} code `option-invalid`, for an option that the job does not have or a value of the wrong type.
 *
 * @example A server and a node in one program
 * ```ts
 * import { checkConfig, defineJob, memoryTransport, startServer } from "@gristmill/gristmill";
 *
 * const job = defineJob({ name: "squares", tasks: () => [1, 2, 3], compute: (x: number) => x * x });
 * const listener = await memoryTransport().listen({ host: "local", port: 0 });
 * const server = startServer({
 *   job: { job, options: job.options, codeHash: "0".repeat(64) },
 *   config: checkConfig({}),
 *   listeners: [listener],
 *   packageVersion: "1.0.0",
 * });
 * server.stop("shown enough");
 * (await server.done).outcome; // "stopped"
 * ```
 */
export function startServer(options: ServerOptions): ServerHandle {
  return startServerWith(createPeers(), options);
}

/** As {@linkcode startServer}, with a directory through which a simulation can change what actors say. */
export function startServerWith(peers: Peers, options: ServerOptions): ServerHandle {
  const { clock, random, logger = createLogger({ level: "error" }) } = options;
  const system = options.system ?? createSystem({ name: "server", clock, random, logger });
  const ended = Promise.withResolvers<Summary>();
  const started = Promise.withResolvers<PeerRefs>();
  let latest: Progress | undefined;
  const onProgress = (progress: Progress): void => {
    latest = progress;
    options.onProgress?.(progress);
  };
  const steering = createSteering({
    started: started.promise,
    stop: (reason) => void top.tell({ type: "over", outcome: "stopped", reason }),
    progress: () => latest,
  });
  const inner: RootOptions = {
    ...rootOptions(peers, options, logger),
    ...{ steering, onProgress, onEnd: ended.resolve, onStart: started.resolve },
  };
  const top = system.spawn(guardian(inner, ended.reject), {
    name: "guardian",
    mailboxMax: internalMailboxMax,
  });
  const { stop, pause, unpause, drain, drainNode, removeNode, statistics } = steering;
  return {
    done: ended.promise.finally(() => system.stop(options.system && top)),
    ...{ stop, pause, unpause, drain, drainNode, removeNode, statistics },
  };
}

function rootOptions(
  peers: Peers,
  { job: loaded, config, listeners, packageVersion, ...rest }: ServerOptions,
  log: Logger,
): Omit<RootOptions, "steering" | "onProgress" | "onEnd" | "onStart"> {
  const { job, options, codeHash } = loaded;
  const values = fillJobOptions(job.options, options);
  const { heartbeatMs, handshakeTimeoutMs, closeTimeoutMs, compress, token, maxNodeLosses } = config;
  const { pendingMax, pendingPerAddressMax, nodeLogBytesMax } = config;
  return {
    peers,
    log,
    listeners,
    packageVersion,
    codeHash,
    job: job.name,
    options: encodePayload(values, "options"),
    book: (context) => job.book(values, context),
    isPinned: job.pinned,
    replicas: job.replicas,
    onFailure: config.onFailure,
    speculate: config.speculate,
    isResumed: rest.journal?.isResumed ?? false,
    isJournaled: rest.journal !== undefined,
    journal: rest.journal,
    // To books that the job keeps, nodes of an earlier life are gone: what they still have belongs to other tasks.
    run: job.pinned ? newRun() : rest.journal?.run ?? newRun(),
    epochMs: rest.epochMs ?? performance.timeOrigin,
    limits: { maxAttempts: config.maxAttempts || job.limits.maxAttempts || maxAttemptsDefault, maxNodeLosses },
    timeoutMs: config.taskTimeoutMs || job.limits.timeoutMs || 0,
    ...{ heartbeatMs, handshakeTimeoutMs, closeTimeoutMs, compress, token },
    ...{ pendingMax, pendingPerAddressMax, nodeLogBytesMax, wireLimits: wireLimitsOf(config) },
  };
}

type GuardianMessage = RootMessage | { readonly type: "root-gone"; readonly terminated: Terminated };

/** Watches the root: were it to fail, by a bug, the caller must learn of it. */
function guardian(options: RootOptions, onFailure: (cause: unknown) => void): Behavior<GuardianMessage> {
  return (context) => {
    const child = context.spawn(root(options), { name: "root", mailboxMax: internalMailboxMax });
    context.watch(child, (terminated) => ({ type: "root-gone", terminated }));
    return (message) => {
      if (message.type !== "root-gone") return void child.tell(message);
      onFailure(message.terminated.cause ?? new Error("the server ended before its job"));
    };
  };
}
