/**
 * The actor that speaks with the server: a state machine of connecting, waiting, handshaking, working and leaving.
 * The workers, and what they have to do, outlive a connection.
 *
 * @module
 */
import { type Connection, openConnection } from "../actors/remote/connection.ts";
import { TransportError } from "../actors/remote/errors.ts";
import { type NodeHandshake, nodeHandshake } from "../actors/remote/handshake.ts";
import type { Refused, Welcome } from "../actors/remote/protocol.ts";
import type { Link } from "../actors/remote/transport.ts";
import { createValve } from "../actors/remote/valve.ts";
import type { Behavior, Context, Handler, Next, Ref } from "../actors/types.ts";
import { backoffMs } from "./backoff.ts";
import type { NodeMessage, PoolMessage, PoolReport } from "./messages.ts";
import {
  closing,
  type Core,
  type End,
  end,
  holdsAnything,
  isCurrent,
  leaveMsMax,
  type NodeOutside,
  startLeaving,
  takeReport,
  where,
} from "./node_core.ts";
import type { ResolvedNodeOptions } from "./node_options.ts";
import { poolActor } from "./pool.ts";
import { working } from "./working.ts";

/** A node; it ends by itself after `settle`. */
export function nodeActor(options: ResolvedNodeOptions, outside: NodeOutside): Behavior<NodeMessage> {
  return (context) => {
    const { lifetimeMs, drainGraceMs } = options;
    const log = outside.log ?? context.log;
    const core: Core = {
      ...outside,
      options,
      context,
      log,
      pool: spawnPool(context, options, { ...outside, log }),
      endsAtMs: lifetimeMs === undefined ? undefined : context.clock.now() + lifetimeMs,
      connection: undefined,
      handled: () => {},
      link: 0,
      failures: 0,
      registration: undefined,
      leaving: undefined,
      cameMeanwhile: undefined,
    };
    if (lifetimeMs !== undefined) {
      const reason = `its lifetime of ${Math.round(lifetimeMs / 1000)} s is about to end`;
      // What is handed back at last must also reach the server within the lifetime.
      const graceMs = Math.max(0, drainGraceMs - leaveMsMax);
      context.after(lifetimeMs - drainGraceMs, { type: "stop", reason, graceMs });
    }
    context.signal.addEventListener("abort", () => {
      core.connection?.abort();
      // After an end in good order this comes too late to matter.
      outside.settle("failed", "the node ended by a fault of its own; its log says more");
    }, { once: true });
    return connecting(core);
  };
}

function spawnPool(
  context: Context<NodeMessage>,
  { workers, name, spawnWorker, taskGraceMs: graceMs, isolation, workerMemoryMb }: ResolvedNodeOptions,
  { counts, log }: NodeOutside & Pick<Core, "log">,
): Ref<PoolMessage> {
  // A process is watched as a whole, from within.
  const memoryMb = isolation === "process" ? 0 : workerMemoryMb;
  const report = (report: PoolReport) => void context.self.tell(report);
  return context.spawn(
    poolActor({ workers, name, spawnWorker, graceMs, memoryMb, counts, log, report }),
    // What flows is bounded by the credit that the server gives, and by each worker's limit of lines.
    { name: "pool", mailboxMax: Infinity, supervision: "escalate" },
  );
}

function connecting(core: Core): Handler<NodeMessage> {
  const { options, context, status } = core;
  const { transport, address, connectTimeoutMs: timeoutMs } = options;
  core.link++;
  status.state = "connecting";
  context.pipe(
    transport.connect(address, { timeoutMs, signal: context.signal }),
    (stream) => ({ type: "dialed", stream }),
    (error) => ({ type: "not-dialed", error }),
  );
  return (message) => {
    if (message.type === "dialed") return handshaking(core, message.stream);
    if (message.type === "not-dialed") return notDialed(core, message.error);
    return offline(core, message);
  };
}

function notDialed(core: Core, error: unknown): Next<NodeMessage> {
  const isRefused = error instanceof TransportError && error.code === "certificate-refused";
  // Trying again would not change whom this node trusts. A node that holds something keeps it, though.
  if (isRefused && !holdsAnything(core)) return end(core, ["refused", reasonOf(error)]);
  return retry(core, reasonOf(error));
}

const reasonOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** An attempt to reach the server has failed. */
function retry(core: Core, why: string): Next<NodeMessage> {
  const { options: { retryCounter, retryDelayMs }, context, log } = core;
  const failures = ++core.failures;
  if (failures > retryCounter) {
    const mend = "see that it runs and that the address is right, or allow more attempts with --retry-counter";
    const attempts = failures === 1 ? "1 attempt" : `${failures} attempts`;
    return end(core, ["unreachable", `Cannot reach a server at ${where(core)} in ${attempts}: ${why}; ${mend}`]);
  }
  const waitMs = backoffMs(failures, retryDelayMs, context.random);
  const attempt = `attempt ${failures}${retryCounter === Infinity ? "" : ` of ${retryCounter + 1}`}`;
  log.info(`${attempt} to reach the server failed: ${why}; trying again in ${(waitMs / 1000).toFixed(1)} s`);
  return waiting(core, waitMs);
}

function waiting(core: Core, waitMs: number): Handler<NodeMessage> {
  core.status.state = "waiting";
  const cancel = core.context.after(waitMs, { type: "dial" });
  return (message) => {
    if (message.type === "dial") return connecting(core);
    const next = offline(core, message);
    if (next !== undefined || message.type !== "stop") return next;
    // There is something to deliver, and not much time.
    cancel();
    return connecting(core);
  };
}

/** What can happen without a server. */
function offline(core: Core, message: NodeMessage): Next<NodeMessage> {
  const { options, context } = core;
  switch (message.type) {
    case "stop":
      return endLater(core, ["stopped", message.reason], message.graceMs);
    case "unusable":
      return endLater(core, ["failed", message.message], options.drainGraceMs);
    case "grace-over":
      if (!core.leaving || context.clock.now() < core.leaving.deadlineMs) return;
      return end(core, core.leaving.end);
    case "dialed":
      return message.stream.close();
  }
  if ("session" in message) takeReport(core, message);
  if (core.leaving?.isEmpty && core.uplink.unacknowledged() === 0) return end(core, core.leaving.end);
}

/** Ends the node, at once if that costs nothing. */
function endLater(core: Core, why: End, graceMs: number): Next<NodeMessage> {
  if (graceMs === 0 || !holdsAnything(core)) return end(core, why);
  startLeaving(core, why, graceMs);
}

function handshaking(core: Core, stream: Link): Handler<NodeMessage> {
  const { options, context, status, link } = core;
  status.state = "handshaking";
  const connection = connect(core, stream);
  const handshake = introduce(core, stream);
  connection.send({ kind: "control", message: handshake.hello });
  const cancelDeadline = context.after(options.connectTimeoutMs, { type: "late", link });
  const leave = <T>(next: T): T => {
    cancelDeadline();
    return next;
  };

  const receive = async ({ message }: Extract<NodeMessage, { type: "wire" }>): Promise<Next<NodeMessage>> => {
    if (message.kind !== "control") throw new Error(`unexpected ${message.kind} frame before the welcome`);
    const { reply, outcome } = await handshake.receive(message.message);
    if (reply) connection.send({ kind: "control", message: reply });
    if (!outcome) return;
    if ("welcomed" in outcome) return leave(welcomed(core, connection, outcome.welcomed));
    return leave(refused(core, connection, outcome.refused));
  };
  return async (message) => {
    if (!isCurrent(core, message)) return;
    switch (message.type) {
      case "wire":
        return await receive(message).catch((error) => {
          connection.abort();
          return leave(retry(core, `the handshake with ${where(core)} failed: ${reasonOf(error)}`));
        });
      case "late":
        connection.abort();
        return retry(core, `the server at ${where(core)} did not answer within ${options.connectTimeoutMs} ms`);
      case "closed":
        return leave(retry(core, `no handshake with ${where(core)}: ${message.why}`));
      case "stop":
        if (message.graceMs > 0 && holdsAnything(core)) return offline(core, message);
        return leave(closing(core, connection, ["stopped", message.reason]));
      default:
        return offline(core, message);
    }
  };
}

/** Opens the connection over a stream. */
function connect(core: Core, stream: Link): Connection {
  const { options, context, link } = core;
  const valve = createValve();
  core.handled = valve.handled;
  const connection = core.connection = openConnection(stream, {
    clock: context.clock,
    limits: options.limits,
    compress: options.compress === false ? false : undefined,
    onMessage: (message) => {
      context.self.tell({ type: "wire", link, message });
      return valve.arrived(message);
    },
  });
  void connection.closed.then(({ error }) => {
    context.self.tell({ type: "closed", link, why: error?.message ?? "the server closed the connection" });
  });
  return connection;
}

/** Says who this node is, and who it was. */
function introduce({ options, context, endsAtMs, registration }: Core, { channel }: Link): NodeHandshake {
  const { packageVersion, job: { name: job, codeHash }, name, workers: slots, labels, token } = options;
  const { run, node } = registration ?? {};
  return nodeHandshake({
    package: packageVersion,
    job,
    codeHash,
    name,
    slots,
    labels,
    token,
    channel,
    ...(registration?.isReady ? { resume: { run: run!, node: node! } } : {}),
    ...(endsAtMs === undefined ? {} : { lifetimeMs: Math.max(0, Math.floor(endsAtMs - context.clock.now())) }),
  });
}

function refused(core: Core, connection: Connection, refusal: Refused): Next<NodeMessage> {
  if (refusal.retry) {
    connection.close();
    return retry(core, `the server at ${where(core)} refused: ${refusal.message}`);
  }
  const outcome = refusal.code === "finished" ? "finished" : "refused";
  return closing(core, connection, [outcome, refusal.message]);
}

function welcomed(core: Core, connection: Connection, welcome: Welcome): Handler<NodeMessage> {
  const { log, leaving } = core;
  const { node, resumed } = welcome;
  core.failures = 0;
  if (resumed) {
    log.info(`taken back by the server at ${where(core)}`, {
      node,
      unacknowledged: core.uplink.unacknowledged(),
    });
  } else {
    if (holdsAnything(core)) log.warn("the server does not know this node any more: all it holds is dropped");
    startAnew(core, welcome);
    if (leaving) return closing(core, connection, leaving.end);
    log.info(`registered with the server at ${where(core)}`, { node });
  }
  return working(core, connection, welcome, (why) => lost(core, why));
}

/** Forgets all that belongs to an old registration. */
function startAnew(core: Core, { run, node, options }: Welcome): void {
  const { pool, uplink, registration } = core;
  if (registration) pool.tell({ type: "drop" });
  uplink.clear();
  core.cameMeanwhile = undefined;
  core.registration = { session: (registration?.session ?? 0) + 1, run, node, options, isReady: false };
}

/** The connection of a registered node is lost; what the node holds is not. */
function lost(core: Core, why: string): Next<NodeMessage> {
  const { context, log, options: { retryDelayMs }, leaving } = core;
  log.warn(`lost the server at ${where(core)}: ${why}; its tasks are computed on`);
  const isOver = leaving && (leaving.deadlineMs <= context.clock.now() || !holdsAnything(core));
  return isOver ? end(core, leaving.end) : waiting(core, backoffMs(0, retryDelayMs, context.random));
}
