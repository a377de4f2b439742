/**
 * The actor that speaks with the server: a state machine of connecting, waiting, handshaking, working and leaving.
 * The workers outlive a session.
 *
 * @module
 */
import { type Connection, openConnection } from "../actors/remote/connection.ts";
import { nodeHandshake } from "../actors/remote/handshake.ts";
import type { Finished, NodeId, Refused, Welcome, WireMessage } from "../actors/remote/protocol.ts";
import { formatAddress, type Link } from "../actors/remote/transport.ts";
import { type Behavior, type Context, type Handler, type Next, type Ref, stop } from "../actors/types.ts";
import { backoffMs } from "./backoff.ts";
import type { NodeMessage, PoolCounts, PoolMessage } from "./messages.ts";
import type { ResolvedNodeOptions } from "./node_options.ts";
import type { NodeState, NodeSummary } from "./node_types.ts";
import { poolActor } from "./pool.ts";
import { createSilence, silenceCheckMs } from "./silence.ts";
import { createUplink, type Uplink } from "./uplink.ts";

/** How long taking leave of the server may take, in milliseconds. */
const leaveMsMax = 2000;
/** How long the connection may take to close once the server has said that the job is over, in milliseconds. */
const finishMsMax = 250;

/** What the actor shares with the node's handle. */
export interface NodeOutside {
  readonly status: { state: NodeState; node?: NodeId };
  readonly counts: PoolCounts;
  /** Called at the node's end; only the first call counts. */
  readonly settle: (outcome: NodeSummary["outcome"], message: string) => void;
}

interface Core extends NodeOutside {
  readonly options: ResolvedNodeOptions;
  readonly context: Context<NodeMessage>;
  readonly pool: Ref<PoolMessage>;
  /** The connection in use, if any. */
  connection: Connection | undefined;
  /** Counts the attempts to connect, so that what belongs to an old one is told apart. */
  session: number;
  /** How many attempts to reach the server have failed in a row. */
  failures: number;
}

type End = readonly [outcome: NodeSummary["outcome"], message: string];

/** A node; it ends by itself after `settle`. */
export function nodeActor(options: ResolvedNodeOptions, outside: NodeOutside): Behavior<NodeMessage> {
  return (context) => {
    const { workers, name, spawnWorker, taskGraceMs: graceMs } = options;
    const { counts } = outside;
    const pool = context.spawn(
      poolActor({
        workers,
        name,
        spawnWorker,
        graceMs,
        counts,
        report: (report) => void context.self.tell(report),
      }),
      // What flows is bounded by the credit that the server gives, and by each worker's limit of lines.
      { name: "pool", mailboxMax: Infinity, supervision: "escalate" },
    );
    const core: Core = { ...outside, options, context, pool, connection: undefined, session: 0, failures: 0 };
    context.signal.addEventListener("abort", () => {
      core.connection?.abort();
      // After an end in good order this comes too late to matter.
      outside.settle("failed", "the node ended by a fault of its own; its log says more");
    }, { once: true });
    return connecting(core);
  };
}

const where = ({ options }: Core): string => formatAddress(options.address);

function end({ settle }: Core, [outcome, message]: End): typeof stop {
  settle(outcome, message);
  return stop;
}

function connecting(core: Core): Handler<NodeMessage> {
  const { options, context, status } = core;
  const { transport, address, connectTimeoutMs: timeoutMs } = options;
  core.session++;
  status.state = "connecting";
  context.pipe(
    transport.connect(address, { timeoutMs, signal: context.signal }),
    (link) => ({ type: "linked", link }),
    (error) => ({ type: "unlinked", error }),
  );
  return (message) => {
    if (message.type === "linked") return handshaking(core, message.link);
    if (message.type === "unlinked") return retry(core, reasonOf(message.error));
    return offline(core, message);
  };
}

const reasonOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** An attempt to reach the server has failed. */
function retry(core: Core, why: string): Next<NodeMessage> {
  const { options: { retryCounter, retryDelayMs }, context } = core;
  const failures = ++core.failures;
  if (failures > retryCounter) {
    const mend = "see that it runs and that the address is right, or allow more attempts with --retry-counter";
    const attempts = failures === 1 ? "1 attempt" : `${failures} attempts`;
    return end(core, ["unreachable", `Cannot reach a server at ${where(core)} in ${attempts}: ${why}; ${mend}`]);
  }
  const waitMs = backoffMs(failures, retryDelayMs, context.random);
  const attempt = `attempt ${failures}${retryCounter === Infinity ? "" : ` of ${retryCounter + 1}`}`;
  context.log.info(`${attempt} to reach the server failed: ${why}; trying again in ${(waitMs / 1000).toFixed(1)} s`);
  return waiting(core, waitMs);
}

function waiting(core: Core, waitMs: number): Handler<NodeMessage> {
  core.status.state = "waiting";
  core.context.after(waitMs, { type: "dial" });
  return (message) => message.type === "dial" ? connecting(core) : offline(core, message);
}

/** What can happen without a server. */
function offline(core: Core, message: NodeMessage): Next<NodeMessage> {
  switch (message.type) {
    case "stop":
      return end(core, ["stopped", message.reason]);
    case "unusable":
      return end(core, ["failed", message.message]);
    case "say":
      if (message.message.type === "log") core.context.log[message.message.level](message.message.text);
      return;
    case "linked":
      return message.link.close();
  }
}

function handshaking(core: Core, link: Link): Handler<NodeMessage> {
  const { options, context, status, session } = core;
  status.state = "handshaking";
  const connection = core.connection = openConnection(link, {
    clock: context.clock,
    compress: options.compress,
    onMessage: (message) => void context.self.tell({ type: "wire", session, message }),
  });
  void connection.closed.then(({ error }) => {
    context.self.tell({ type: "closed", session, why: error?.message ?? "the server closed the connection" });
  });
  const { packageVersion, job: { name: job, codeHash }, name, workers: slots, labels, key } = options;
  const handshake = nodeHandshake({ package: packageVersion, job, codeHash, name, slots, labels, key });
  connection.send({ kind: "control", message: handshake.hello });
  const cancelDeadline = context.after(options.connectTimeoutMs, { type: "late", session });
  const leave = <T>(next: T): T => {
    cancelDeadline();
    return next;
  };

  const receive = async ({ message }: Extract<NodeMessage, { type: "wire" }>): Promise<Next<NodeMessage>> => {
    if (message.kind !== "control") throw new Error(`unexpected ${message.kind} frame before the welcome`);
    const { reply, outcome } = await handshake.receive(message.message);
    if (reply) connection.send({ kind: "control", message: reply });
    if (!outcome) return;
    if ("welcomed" in outcome) return leave(working(core, connection, outcome.welcomed));
    return leave(refused(core, connection, outcome.refused));
  };
  return async (message) => {
    if ("session" in message && message.session !== session) return;
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
        return leave(leaving(core, connection, ["stopped", message.reason], leaveMsMax));
      default:
        return offline(core, message);
    }
  };
}

function refused(core: Core, connection: Connection, refusal: Refused): Next<NodeMessage> {
  if (refusal.retry) {
    connection.close();
    return retry(core, `the server at ${where(core)} refused: ${refusal.message}`);
  }
  const outcome = refusal.code === "finished" ? "finished" : "refused";
  return leaving(core, connection, [outcome, refusal.message], leaveMsMax);
}

function working(core: Core, connection: Connection, welcome: Welcome): Handler<NodeMessage> {
  const { context, status, session, pool, counts } = core;
  const { heartbeatMs, node } = welcome;
  core.failures = 0;
  status.state = "working";
  status.node = node;
  context.log.info(`registered with the server at ${where(core)}`, { node });
  const uplink = createUplink(connection);
  const silence = createSilence(heartbeatMs, context.clock.now());
  const timers = [
    context.every(heartbeatMs, { type: "beat" }),
    context.every(silenceCheckMs(heartbeatMs), { type: "listen" }),
  ];
  const leave = <T>(next: T): T => {
    for (const cancel of timers) cancel();
    delete status.node;
    return next;
  };

  return (message) => {
    if ("session" in message && message.session !== session) return;
    switch (message.type) {
      case "wire":
        if (message.message.kind === "control" && message.message.message.type === "finished") {
          return leave(finished(core, connection, message.message.message));
        }
        return receive(core, welcome, message.message);
      case "beat":
        return uplink.control({ type: "heartbeat", busy: counts.busy, queued: counts.queued });
      case "listen":
        if (!silence.tooLong(context.clock.now(), connection.lastReceivedMs)) return;
        connection.abort(new Error(`nothing was received for two heartbeats of ${heartbeatMs} ms`));
        return;
      case "closed":
        context.log.warn(`lost the server at ${where(core)}: ${message.why}; its tasks are dropped`);
        pool.tell({ type: "drop" });
        return leave(waiting(core, backoffMs(0, core.options.retryDelayMs, context.random)));
      case "stop":
        return leave(handingBack(core, connection, uplink, ["stopped", message.reason]));
      case "unusable":
        context.log.error(message.message);
        return leave(handingBack(core, connection, uplink, ["failed", message.message]));
      default:
        return passUp(uplink, message);
    }
  };
}

/** Handles what the server says while the node works. */
function receive({ pool, session, context }: Core, { node, options }: Welcome, message: WireMessage): void {
  switch (message.kind) {
    case "tasks":
      return void pool.tell({ type: "tasks", tasks: message.tasks });
    case "initial":
      return void pool.tell({ type: "session", session, data: { node, options, initial: message.payload } });
    case "custom":
      return void pool.tell({ type: "custom", payload: message.payload });
    case "control": {
      const { message: control } = message;
      if (control.type === "cancel" || control.type === "recall") {
        pool.tell({ type: control.type, attempts: control.attempts });
      } else if (control.type !== "heartbeat") {
        context.log.debug(`ignored a message of the server`, { type: control.type });
      }
      return;
    }
    case "results":
      return context.log.debug("ignored results from the server");
  }
}

/** Sends what the pool reports. */
function passUp(uplink: Uplink, message: NodeMessage): void {
  switch (message.type) {
    case "results":
      return uplink.results(message.results);
    case "say":
      return uplink.say(message.message);
    case "send-custom":
      return uplink.custom(message.payload);
  }
}

/** The node leaves of its own will. The server hears of it first, so that it gives nothing of what comes back here. */
function handingBack(core: Core, connection: Connection, uplink: Uplink, ending: End): Handler<NodeMessage> {
  const { pool, session, status } = core;
  status.state = "leaving";
  uplink.control({ type: "leave", reason: ending[1] });
  pool.tell({ type: "hand-back" });
  return (message) => {
    if ("session" in message && message.session !== session) return;
    if (message.type === "closed") return end(core, ending);
    if (message.type !== "handed-back") return passUp(uplink, message);
    if (message.results.length > 0) uplink.results(message.results);
    return leaving(core, connection, ending, leaveMsMax);
  };
}

function finished(core: Core, connection: Connection, { outcome, message }: Finished): Handler<NodeMessage> {
  void core.context.stop(core.pool);
  const said = message === "" ? "" : `: ${message}`;
  return leaving(core, connection, ["finished", `the server says that the job is ${outcome}${said}`], finishMsMax);
}

/** Only the connection has still to close. */
function leaving(core: Core, connection: Connection, ending: End, withinMs: number): Handler<NodeMessage> {
  const { context, status, session } = core;
  status.state = "leaving";
  connection.close();
  context.after(withinMs, { type: "late", session });
  return (message) => {
    if ((message.type !== "closed" && message.type !== "late") || message.session !== session) return;
    connection.abort();
    return end(core, ending);
  };
}
