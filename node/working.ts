/**
 * The state of a node that is registered: it works, and may be leaving.
 *
 * @module
 */
import type { Connection } from "../actors/remote/connection.ts";
import type { Attempt, Welcome, WireMessage } from "../actors/remote/protocol.ts";
import type { Handler, Next } from "../actors/types.ts";
import type { NodeMessage } from "./messages.ts";
import { closing, type Core, type End, finished, isCurrent } from "./node_core.ts";
import { leaveMsMax, startLeaving, takeReport } from "./node_core.ts";
import { createSilence, type Silence, silenceCheckMs, silentBeats } from "./silence.ts";

interface Session {
  readonly core: Core;
  readonly connection: Connection;
  readonly heartbeatMs: number;
  readonly silence: Silence;
  readonly timers: (() => void)[];
  /** Whether nothing is left here but results that are not safe yet. */
  isWaitingForAcks: boolean;
}

/**
 * The node was welcomed. If it was taken back, it says first what it holds; otherwise it has just dropped everything.
 *
 * @param lost Called when the connection is lost
 */
export function working(
  core: Core,
  connection: Connection,
  { heartbeatMs, resumed }: Welcome,
  lost: (why: string) => Next<NodeMessage>,
): Handler<NodeMessage> {
  const { context, status, uplink } = core;
  status.state = core.leaving ? "leaving" : "working";
  status.node = core.registration?.node;
  const session: Session = {
    core,
    connection,
    heartbeatMs,
    silence: createSilence(heartbeatMs, context.clock.now()),
    timers: [
      context.every(heartbeatMs, { type: "beat" }),
      context.every(silenceCheckMs(heartbeatMs), { type: "listen" }),
    ],
    isWaitingForAcks: false,
  };
  if (resumed) takeStock(core);
  else uplink.open(connection);
  return (message) => {
    if (!isCurrent(core, message)) return;
    if (message.type !== "closed") return handle(session, message) ?? goIfDone(session);
    uplink.close();
    quit(session);
    return lost(message.why);
  };
}

/** Ends what belongs to this state. */
function quit({ core, timers }: Session): void {
  for (const cancel of timers) cancel();
  delete core.status.node;
}

function handle(session: Session, message: NodeMessage): Next<NodeMessage> {
  const { core, connection } = session;
  const { context, log, leaving } = core;
  switch (message.type) {
    case "wire":
      if (message.message.kind !== "control" || message.message.message.type !== "finished") {
        return receive(core, message.message);
      }
      quit(session);
      return finished(core, connection, message.message.message);
    case "beat":
      return beat(session);
    case "listen":
      return listen(session);
    case "stop":
      return leave(core, ["stopped", message.reason], message.graceMs);
    case "unusable":
      if (!leaving) log.error(message.message);
      return leave(core, ["failed", message.message], 0);
    case "grace-over":
      if (leaving && context.clock.now() >= leaving.deadlineMs) core.pool.tell({ type: "hand-back" });
      return;
    case "late":
      return leaving && go(session, leaving.end);
    case "held":
      if (message.session !== core.registration?.session || core.uplink.isOpen()) return takeReport(core, message);
      return resume(core, connection, message.attempts);
    default:
      if ("session" in message) takeReport(core, message);
  }
}

function beat({ core, connection }: Session): void {
  const { busy, queued } = core.counts;
  connection.send({ kind: "control", message: { type: "heartbeat", busy, queued } });
  takeStock(core);
}

function listen({ core, connection, silence, heartbeatMs }: Session): void {
  if (!silence.tooLong(core.context.clock.now(), connection.lastReceivedMs)) return;
  connection.abort(new Error(`nothing was received for ${silentBeats} heartbeats of ${heartbeatMs} ms`));
}

function leave(core: Core, why: End, graceMs: number): void {
  if (!core.leaving && core.uplink.isOpen()) sayLeave(core, why, graceMs);
  core.status.state = "leaving";
  startLeaving(core, why, graceMs);
}

function go(session: Session, why: End): Handler<NodeMessage> {
  quit(session);
  return closing(session.core, session.connection, why);
}

/** Goes when nothing is left here and everything is safe, or after a while. */
function goIfDone(session: Session): Next<NodeMessage> {
  const { leaving, uplink, context, link } = session.core;
  if (!leaving?.isEmpty || !uplink.isOpen()) return;
  if (uplink.unacknowledged() === 0) return go(session, leaving.end);
  if (!session.isWaitingForAcks) context.after(leaveMsMax, { type: "late", link });
  session.isWaitingForAcks = true;
}

/** Asks the pool what it holds, if it is not being asked. */
function takeStock(core: Core): void {
  if (!core.registration?.isReady || core.cameMeanwhile) return;
  core.cameMeanwhile = [];
  core.pool.tell({ type: "take-stock" });
}

/** The server has taken the node back, and the pool has said what it holds. */
function resume(core: Core, connection: Connection, attempts: readonly Attempt[]): void {
  const { uplink, leaving, context, cameMeanwhile = [] } = core;
  core.cameMeanwhile = undefined;
  uplink.resume(connection, [...attempts, ...cameMeanwhile]);
  if (leaving) sayLeave(core, leaving.end, leaving.deadlineMs - context.clock.now());
}

/** The server hears of it before any task comes back, so that it gives nothing of what comes back to this node. */
function sayLeave({ uplink }: Core, [, reason]: End, graceMs: number): void {
  const drain = graceMs > 0 ? { drainMs: Math.ceil(graceMs) } : {};
  uplink.control({ type: "leave", reason, ...drain });
}

/** Handles what the server says. */
function receive({ pool, registration, log, uplink, cameMeanwhile }: Core, message: WireMessage): void {
  switch (message.kind) {
    case "tasks":
      cameMeanwhile?.push(...message.tasks);
      return void pool.tell({ type: "tasks", tasks: message.tasks });
    case "acks":
      return uplink.forget(message.attempts);
    case "initial": {
      if (!registration || registration.isReady) return;
      registration.isReady = true;
      const { session, node, options } = registration;
      return void pool.tell({ type: "session", session, data: { node, options, initial: message.payload } });
    }
    case "custom":
      return void pool.tell({ type: "custom", payload: message.payload });
    case "control": {
      const { message: control } = message;
      if (control.type === "cancel") uplink.forget(control.attempts);
      if (control.type === "cancel" || control.type === "recall") {
        pool.tell({ type: control.type, attempts: control.attempts });
      } else if (control.type !== "heartbeat") {
        log.debug(`ignored a message of the server`, { type: control.type });
      }
      return;
    }
    default:
      return log.debug(`ignored ${message.kind} from the server`);
  }
}
