/**
 * What the states of a node share.
 *
 * @module
 */
import type { Connection } from "../actors/remote/connection.ts";
import type { Attempt, Finished, NodeId } from "../actors/remote/protocol.ts";
import { formatAddress } from "../actors/remote/transport.ts";
import { type Context, type Handler, type Logger, type Next, type Ref, stop } from "../actors/types.ts";
import type { NodeMessage, PoolCounts, PoolMessage, PoolReport } from "./messages.ts";
import type { ResolvedNodeOptions } from "./node_options.ts";
import type { NodeState, NodeSummary } from "./node_types.ts";
import type { Uplink } from "./uplink.ts";

/** How long taking leave of the server may take, in milliseconds. */
export const leaveMsMax = 2000;
/** How long the connection may take to close once the server has said that the job is over, in milliseconds. */
const finishMsMax = 250;

/** What the actor shares with the node's handle. */
export interface NodeOutside {
  readonly status: { state: NodeState; node?: NodeId };
  readonly counts: PoolCounts;
  readonly uplink: Uplink;
  /** For people. @default the actor's own log, whose lines name the actor */
  readonly log?: Logger;
  /** Called at the node's end; only the first call counts. */
  readonly settle: (outcome: NodeSummary["outcome"], message: string) => void;
}

/** How a node ends. */
export type End = readonly [outcome: NodeSummary["outcome"], message: string];

/** What the server knows this node by. It outlives connections. */
export interface Registration {
  /** Counts the node's registrations. */
  readonly session: number;
  readonly run: string;
  readonly node: NodeId;
  readonly options: Uint8Array;
  /** Whether the initial data has come, so that there is something to resume. */
  isReady: boolean;
}

/** The node leaves. */
export interface Leaving {
  readonly end: End;
  /** When tasks that run have had their time, on the system's clock. */
  deadlineMs: number;
  /** Whether the pool has nothing any more. */
  isEmpty: boolean;
}

/** The state of a node. */
export interface Core extends NodeOutside {
  readonly options: ResolvedNodeOptions;
  readonly context: Context<NodeMessage>;
  readonly log: Logger;
  readonly pool: Ref<PoolMessage>;
  /** When the node's life ends, on the system's clock. */
  readonly endsAtMs: number | undefined;
  /** The connection in use, if any. */
  connection: Connection | undefined;
  /** A message that came over it has been handled. */
  handled: () => void;
  /** Counts the attempts to connect, so that what belongs to an old one is told apart. */
  link: number;
  /** How many attempts to reach the server have failed in a row. */
  failures: number;
  registration: Registration | undefined;
  leaving: Leaving | undefined;
  /** Tasks that came since the pool was asked what it holds; absent if it is not being asked. */
  cameMeanwhile: Attempt[] | undefined;
}

/** Where the server is, for people. */
export const where = ({ options }: Core): string => formatAddress(options.address);

/** Ends the node. */
export function end({ settle, uplink, log }: Core, [outcome, message]: End): typeof stop {
  const lost = uplink.unacknowledged();
  if (lost > 0 && outcome !== "finished") {
    log.warn(`${lost} result${lost === 1 ? "" : "s"} may not have reached the server`);
  }
  settle(outcome, message);
  return stop;
}

/** Whether a message is of the connection in use. To be asked once for each message: it opens the valve. */
export function isCurrent(core: Core, message: NodeMessage): boolean {
  if (!("link" in message)) return true;
  if (message.link !== core.link) return false;
  if (message.type === "wire") core.handled();
  return true;
}

/** Whether anything would be lost if the node ended now. */
export const holdsAnything = ({ uplink, counts, registration }: Core): boolean =>
  registration !== undefined && counts.busy + counts.queued + uplink.unacknowledged() > 0;

/**
 * Has the pool come to its end: at once, or after what runs has ended, but within `graceMs`. Of several calls the
 * shortest time counts, and the first reason.
 */
export function startLeaving(core: Core, why: End, graceMs: number): void {
  const { context, pool } = core;
  const deadlineMs = context.clock.now() + graceMs;
  if (core.leaving && core.leaving.deadlineMs <= deadlineMs) return;
  core.leaving ??= { end: why, deadlineMs, isEmpty: false };
  core.leaving.deadlineMs = deadlineMs;
  if (graceMs > 0) {
    pool.tell({ type: "drain" });
    context.after(graceMs, { type: "grace-over" });
  } else {
    pool.tell({ type: "hand-back" });
  }
}

/** Keeps what the pool reports, or sends it if there is a connection. */
export function takeReport(core: Core, message: PoolReport): void {
  const { uplink, registration, log, leaving } = core;
  if (message.type === "unusable") return;
  const isEmpty = message.type === "handed-back" || message.type === "drained";
  if (leaving && isEmpty) leaving.isEmpty = true;
  if (message.session !== (registration?.session ?? 0)) return;
  switch (message.type) {
    case "results":
    case "handed-back":
      return uplink.results(message.results);
    case "say":
      if (registration) return uplink.say(message.message);
      if (message.message.type === "log") log[message.message.level](message.message.text);
      return;
    case "send-custom":
      return uplink.custom(message.payload);
    case "held": {
      const came = core.cameMeanwhile ?? [];
      core.cameMeanwhile = undefined;
      return uplink.held([...message.attempts, ...came]);
    }
  }
}

/** The server has said that the job is over. */
export function finished(core: Core, connection: Connection, { outcome, message }: Finished): Handler<NodeMessage> {
  void core.context.stop(core.pool);
  const said = message === "" ? "" : `: ${message}`;
  return closing(core, connection, ["finished", `the server says that the job is ${outcome}${said}`], finishMsMax);
}

/** Only the connection has still to close. */
export function closing(core: Core, connection: Connection, why: End, withinMs = leaveMsMax): Handler<NodeMessage> {
  const { context, status, link } = core;
  status.state = "leaving";
  connection.close();
  context.after(withinMs, { type: "late", link });
  return (message): Next<NodeMessage> => {
    if (!isCurrent(core, message)) return;
    if (message.type !== "closed" && message.type !== "late") return;
    connection.abort();
    return end(core, why);
  };
}
