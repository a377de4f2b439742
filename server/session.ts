/**
 * The Session actor: one connection, and the local stand-in of the node behind it.
 *
 * @module
 */
import { type Behavior, type Context, type Handler, type Logger, type Next, stop } from "../actors/types.ts";
import { type Connection, openConnection } from "../actors/remote/connection.ts";
import { asError, TransportError } from "../actors/remote/errors.ts";
import { type ServerHandshake, serverHandshake } from "../actors/remote/handshake.ts";
import {
  type Hello,
  type LogMessage,
  type NodeId,
  type OperatorHello,
  type Order,
  protocolVersion,
  type Refused,
  type WireMessage,
} from "../actors/remote/protocol.ts";
import { flagOf, type WireLimits } from "../actors/remote/limits.ts";
import { createValve, type Valve } from "../actors/remote/valve.ts";
import { createFlow, type Taker } from "./flow.ts";
import type { Gate } from "./gate.ts";
import { createLineBudget } from "./line_budget.ts";
import { createLifeSigns, type LifeSigns } from "./life_signs.ts";
import type { SessionMessage } from "./messages.ts";
import { carryOut } from "./operator.ts";
import type { Peers } from "./peers.ts";
import type { Admitted } from "./pending.ts";
import type { ProofAttempts } from "./proof_attempts.ts";
import type { RemoteSteering } from "./steering.ts";

/** What every Session of a server needs. */
export interface SessionOptions {
  readonly peers: Peers;
  /** For people: what nodes do, and what user code on them writes. */
  readonly log: Logger;
  readonly packageVersion: string;
  /** The identity of the job's run: 32 hexadecimal digits. */
  readonly run: string;
  readonly job: string;
  readonly codeHash: string;
  /** The job's options, encoded, for the node. */
  readonly options: Uint8Array;
  readonly token: string;
  /** What operators may do. */
  readonly steering: RemoteSteering;
  /** The wrong tokens that came from each address. */
  readonly attempts: ProofAttempts;
  /** Counts those that end before they are introduced. */
  readonly gate: Pick<Gate, "ended">;
  readonly wireLimits: Partial<WireLimits>;
  /** How much a node may write into the log in a second, in bytes. */
  readonly nodeLogBytesMax: number;
  readonly heartbeatMs: number;
  readonly handshakeTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly compress: boolean;
}

interface State extends SessionOptions {
  readonly context: Context<SessionMessage>;
  readonly connection: Connection;
  /** Holds back the socket while too much of what came from it was not handled. */
  readonly valve: Valve;
  /** The peer is known: the connection is no longer one of those that wait to be introduced. */
  readonly introduced: () => void;
}

/** Makes the behavior of the Session of one connection that the gate has let in. */
export function session({ link, introduced }: Admitted, options: SessionOptions): Behavior<SessionMessage> {
  return (context) => {
    const { self, clock, signal } = context;
    const valve = createValve();
    const state: State = {
      ...options,
      ...{ context, valve, introduced },
      connection: openConnection(link, {
        clock,
        limits: options.wireLimits,
        compress: options.compress ? undefined : false,
        onMessage: (message) => {
          self.tell({ type: "wire", message });
          return valve.arrived(message);
        },
      }),
    };
    const { connection } = state;
    signal.addEventListener("abort", () => connection.abort(), { once: true });
    connection.closed.then((closed) => self.tell({ type: "closed", closed }));
    context.after(options.handshakeTimeoutMs, { type: "handshake-timeout" });
    const { packageVersion, job, codeHash, token } = options;
    const { channel, local: isLocal } = link;
    const secrets = { token: token || undefined, channel, isLocal };
    return introducing(state, serverHandshake({ package: packageVersion, job, codeHash, ...secrets }));
  };
}

/** Ends the session's actor; whoever watches it learns that the node is gone. */
function closed(state: State, message: Extract<SessionMessage, { type: "closed" }>, who: string): void {
  const { reason, error } = message.closed;
  if (error) state.log.warn(`connection of ${who} closed: ${error.message}`);
  else state.log.debug(`connection of ${who} closed`, { by: reason });
}

/** Before the node is known: only the handshake is listened to. */
function introducing(state: State, handshake: ServerHandshake): Handler<SessionMessage> {
  const { connection } = state;
  return async (message) => {
    switch (message.type) {
      case "wire":
        state.valve.handled();
        try {
          return await introduce(state, handshake, message.message);
        } catch (error) {
          return connection.abort(asError(error));
        }
      case "handshake-timeout":
        return connection.abort(
          new TransportError(
            "handshake-timeout",
            `no introduction within ${state.handshakeTimeoutMs} ms (option --handshake-timeout)`,
          ),
        );
      case "closed":
        state.gate.ended(connection.remoteAddress, message.closed);
        return stop;
    }
  };
}

async function introduce(
  state: State,
  handshake: ServerHandshake,
  message: WireMessage,
): Promise<Next<SessionMessage>> {
  const { connection, context, peers, log } = state;
  const address = connection.remoteAddress;
  if (message.kind !== "control") throw outOfPlace(message, "before a hello");
  const turnedAway = tooManyAttempts(state);
  if (turnedAway) {
    log.debug(`a client at ${address} is not listened to: ${turnedAway.message}`);
    return refuse(state, turnedAway);
  }
  const { reply, outcome } = await handshake.receive(message.message);
  if (reply) connection.send({ kind: "control", message: reply });
  if (message.message.type === "proof") state.attempts[reply ? "proven" : "failed"](hostOf(address));
  if (!outcome) return;
  if ("refused" in outcome) {
    log.warn(`client at ${address} refused: ${outcome.refused.message}`, { code: outcome.refused.code });
    return refuse(state, outcome.refused);
  }
  state.introduced();
  const hello = outcome.accepted;
  if (hello.type === "operator-hello") return admit(state, hello);
  peers.deliver("registry", { type: "register", hello, address, session: context.self });
  return registering(state, hello);
}

const hostOf = (address: string): string => address.replace(/:\d+$/, "");

/** Without a token nothing is proven, and nothing can be guessed. */
function tooManyAttempts({ attempts, connection }: State): Refused | undefined {
  const host = hostOf(connection.remoteAddress);
  const waitMs = attempts.waitMs(host);
  if (waitMs === 0) return undefined;
  const message = `too many wrong tokens came from ${host}: the next is looked at in ${Math.ceil(waitMs / 1_000)} s`;
  return { type: "refused", code: "token-attempts", message, retry: true };
}

/** Lets an operator in. */
function admit(state: State, { name }: OperatorHello): Handler<SessionMessage> {
  const { connection, log, packageVersion, job, run } = state;
  connection.send({
    kind: "control",
    message: { type: "operator-welcome", protocol: protocolVersion, package: packageVersion, job, run },
  });
  return async (message) => {
    if (message.type === "closed") {
      closed(state, message, `operator ${name}`);
      return stop;
    }
    if (message.type !== "wire") return;
    state.valve.handled();
    const wire = message.message;
    if (wire.kind === "control" && wire.message.type === "order") {
      return await carryOut({ ...state, name, log }, wire.message);
    }
    connection.abort(outOfPlace(wire, "from an operator"));
  };
}

function refuse(state: State, refusal: Refused): void {
  state.connection.send({ kind: "control", message: refusal });
  state.connection.close();
}

const outOfPlace = (message: WireMessage, when: string): Error => {
  const what = message.kind === "control" ? `control message ${message.message.type}` : `${message.kind} frame`;
  return new Error(`unexpected ${what} ${when}`);
};

/** The node is accepted; its number and its initial data are on their way here. */
function registering(state: State, hello: Hello): Handler<SessionMessage> {
  const { connection, peers } = state;
  let node: NodeId | undefined;
  return (message) => {
    switch (message.type) {
      case "registered": {
        node = message.node;
        const { isResumed } = message;
        const { packageVersion, run, heartbeatMs, options } = state;
        connection.send({
          kind: "control",
          message: {
            type: "welcome",
            protocol: protocolVersion,
            package: packageVersion,
            node,
            run,
            resumed: isResumed,
            heartbeatMs,
            options,
          },
        });
        return isResumed ? ready(state, hello, node, true) : undefined;
      }
      case "refused":
        return refuse(state, message.refusal);
      case "initial": {
        connection.send({ kind: "initial", payload: message.payload });
        return ready(state, hello, node!, false);
      }
      case "wire":
        // Between welcome and initial data a node has nothing to say but that it lives.
        state.valve.handled();
        if (node) peers.deliver("heartbeat", { type: "heard", node });
        return;
      default:
        return ending(state, message, hello.name);
    }
  };
}

/** The node has all that it needs to compute. */
function ready(state: State, hello: Hello, node: NodeId, isResumed: boolean): Handler<SessionMessage> {
  const { context, peers } = state;
  const { name, slots, labels, lifetimeMs = Infinity } = hello;
  const endsAtMs = context.clock.now() + lifetimeMs;
  const session = context.self;
  peers.deliver("scheduler", { type: "node-ready", isResumed, node, name, slots, labels, endsAtMs, session });
  return serving(state, node, name);
}

/** What can happen to a node at any time. */
function ending(state: State, message: SessionMessage, name: string): typeof stop | void {
  const { connection } = state;
  switch (message.type) {
    case "finish":
      connection.send({ kind: "control", message: message.message });
      return connection.close();
    case "give-up":
      return connection.abort(new Error(message.why));
    case "closed":
      closed(state, message, `node ${name}`);
      return stop;
  }
}

/** The node computes. */
function serving(state: State, node: NodeId, name: string): Handler<SessionMessage> {
  const { connection, context, peers, valve } = state;
  const log = nodeLog(state, name);
  const life = createLifeSigns(state, node);
  const flow = createFlow(valve, (of, count) => {
    peers.deliver(of, { type: "receipt", count, session: context.self });
  });
  return (message) => {
    switch (message.type) {
      case "wire": {
        life.heard();
        const taker = receive(state, node, message.message, { log, life });
        if (taker) flow.passed(taker);
        else valve.handled();
        return life.watch();
      }
      case "received":
        return flow.received(message.count);
      case "still-shut":
        return life.watch(true);
      case "grant":
        return connection.send({ kind: "tasks", tasks: message.tasks });
      case "cancel": {
        const type = message.isRecall ? "recall" : "cancel";
        return connection.send({ kind: "control", message: { type, attempts: message.attempts } });
      }
      case "ack":
        return connection.send({ kind: "acks", attempts: message.attempts });
      case "custom":
        return connection.send({ kind: "custom", payload: message.payload });
      default:
        return ending(state, message, name);
    }
  };
}

/** Handles a message of a node. @returns to whom it was passed on */
function receive(
  state: State,
  node: NodeId,
  message: WireMessage,
  { log, life }: { readonly log: (message: LogMessage) => void; readonly life: LifeSigns },
): Taker | undefined {
  const { peers, connection } = state;
  switch (message.kind) {
    case "results":
      peers.deliver("scheduler", { type: "results", node, results: message.results });
      return "scheduler";
    case "held":
      peers.deliver("scheduler", { type: "held", node, attempts: message.attempts });
      return "scheduler";
    case "custom":
      peers.deliver("job", { type: "custom", node, payload: message.payload });
      return "job";
    case "control":
      switch (message.message.type) {
        case "heartbeat":
          return void life.answer();
        case "log":
          return void log(message.message);
        case "progress":
          peers.deliver("scheduler", { type: "progress", node, progress: message.message });
          return "scheduler";
        case "leave":
          peers.deliver("registry", { type: "leaving", node });
          peers.deliver("scheduler", { type: "node-leaving", node });
          return "scheduler";
        case "order":
          return void refuseOrder(state, node, message.message);
      }
  }
  connection.abort(outOfPlace(message, "from a registered node"));
}

/** A node's token opens nothing but work. */
function refuseOrder(state: State, node: NodeId, { action }: Order): void {
  const message = `the order ${action} takes an operator, and node ${node} is none: send it with \`gristmill control\``;
  state.log.warn(`order of a node refused: ${message}`, { address: state.connection.remoteAddress });
  refuse(state, { type: "refused", code: "role-refused", message, retry: false });
}

/** Passes on what user code wrote on the node, tagged with where it comes from; but not more than a budget. */
function nodeLog({ log, context, nodeLogBytesMax }: State, name: string): (message: LogMessage) => void {
  const { now } = context.clock;
  const budget = createLineBudget(nodeLogBytesMax);
  return ({ level, text, task, attempt }) => {
    const omitted = budget.takeOmitted(now());
    if (omitted > 0) {
      const limit = `${nodeLogBytesMax} bytes may be written in a second (option ${flagOf("nodeLogBytesMax")})`;
      log.warn(`${omitted} lines of a node were left out: ${limit}`, { node: name });
    }
    if (budget.admit(text.length, now())) log[level](text, { node: name, task, attempt });
  };
}
