/**
 * The Registry actor: who is here.
 *
 * @module
 */
import type { Behavior, Context, Handler, Logger, Ref } from "../actors/types.ts";
import type { Finished, NodeId } from "../actors/remote/protocol.ts";
import type { NodeStatistics, RegistryMessage, SessionMessage } from "./messages.ts";
import type { Peers } from "./peers.ts";

/** How many nodes that have gone are remembered, for statistics. */
const goneMax = 1_000;

interface Member {
  readonly session: Ref<SessionMessage>;
  /** Why it was given up, if it was. */
  givenUp?: string;
  statistics: NodeStatistics;
}

interface State {
  readonly context: Context<RegistryMessage>;
  readonly peers: Peers;
  readonly log: Logger;
  /** The identity of the job's run. */
  readonly run: string;
  /** How long a node may be silent, for the line that says so, in milliseconds. */
  readonly heartbeatMs: number;
  readonly startedMs: number;
  readonly members: Map<NodeId, Member>;
  readonly gone: NodeStatistics[];
  dismissal: Finished | undefined;
}

/** Makes the Registry's behavior. */
export function registry(options: Pick<State, "peers" | "log" | "run" | "heartbeatMs">): Behavior<RegistryMessage> {
  return (context) =>
    handler({
      ...options,
      context,
      startedMs: context.clock.now(),
      members: new Map(),
      gone: [],
      dismissal: undefined,
    });
}

function handler(state: State): Handler<RegistryMessage> {
  const { members, log } = state;
  return (message) => {
    switch (message.type) {
      case "register":
        return register(state, message);
      case "leaving":
        return mark(members.get(message.node), "left");
      case "session-ended":
        return ended(state, message);
      case "timed-out": {
        const why = `nothing heard for more than 1.75 heartbeats of ${state.heartbeatMs} ms`;
        return message.nodes.forEach((node) => giveUp(members.get(node), why));
      }
      case "remove-node":
        return giveUp(members.get(message.node), "removed by the operator");
      case "dismiss-node":
        return dismissOne(state, message.node);
      case "custom": {
        const { to, payload } = message;
        const targets = to === "all" ? members.values() : [members.get(to)];
        for (const member of targets) member?.session.tell({ type: "custom", payload });
        return;
      }
      case "statistics": {
        const here = Array.from(members.values(), (member) => member.statistics);
        return void message.replyTo.tell([...here, ...state.gone]);
      }
      case "dismiss":
        log.debug("the nodes are told that the job is over", { nodes: members.size });
        state.dismissal = message.message;
        for (const { session } of members.values()) session.tell({ type: "finish", message: message.message });
        return reportIfGone(state);
    }
  };
}

function register(state: State, request: Extract<RegistryMessage, { type: "register" }>): void {
  const { context, members, peers, log, dismissal } = state;
  const { hello, address, session } = request;
  if (dismissal) {
    const message = `The job is over: ${dismissal.message}`;
    const refusal = { type: "refused", code: "finished", message, retry: false } as const;
    return void session.tell({ type: "refused", refusal });
  }
  const isResumed = hello.resume?.run === state.run;
  const id = isResumed ? hello.resume.node : newId(state);
  if (members.has(id)) replace(state, id);
  const { name, slots, labels } = hello;
  const joinedMs = context.clock.now() - state.startedMs;
  members.set(id, { session, statistics: { id, name, slots, labels, address, joinedMs, state: "here" } });
  context.watch(session, ({ reason }) => ({ type: "session-ended", node: id, session, why: reason }));
  log.info(`node ${name} ${isResumed ? "is back" : "joined"}`, { node: id, slots, address });
  peers.deliver("heartbeat", { type: "heard", node: id });
  session.tell({ type: "registered", node: id, isResumed });
  peers.deliver("job", { type: "joined", node: id, session, isResumed });
}

function giveUp(member: Member | undefined, why: string): void {
  if (!member) return;
  member.givenUp = why;
  member.session.tell({ type: "give-up", why });
}

/** The node has dialled in again before its old connection was known to be lost. */
function replace(state: State, node: NodeId): void {
  const { members, peers } = state;
  const old = members.get(node)!;
  members.delete(node);
  old.session.tell({ type: "give-up", why: "its node has dialled in again" });
  peers.deliver("scheduler", { type: "node-gone", node });
}

function ended(state: State, { node, session, why }: Extract<RegistryMessage, { type: "session-ended" }>): void {
  const { members, peers, log } = state;
  const member = members.get(node);
  if (member?.session !== session) return;
  members.delete(node);
  const isLoss = member.statistics.state === "here" && !state.dismissal;
  mark(member, isLoss ? "lost" : "left");
  state.gone.push(member.statistics);
  if (state.gone.length > goneMax) state.gone.shift();
  const { name } = member.statistics;
  const how = member.givenUp ?? (why === "stopped" ? "its connection ended" : `its session ${why}`);
  if (isLoss) log.warn(`node ${name} is lost; its tasks go to others`, { node, why: how });
  else log.info(`node ${name} left`, { node });
  peers.deliver("heartbeat", { type: "forget", node });
  peers.deliver("scheduler", { type: "node-gone", node, ...(isLoss && { loss: how }) });
  reportIfGone(state);
}

function dismissOne({ members }: State, node: NodeId): void {
  const member = members.get(node);
  mark(member, "left");
  const message: Finished = { type: "finished", outcome: "stopped", message: "this node was drained by the operator" };
  member?.session.tell({ type: "finish", message });
}

function mark(member: Member | undefined, state: NodeStatistics["state"]): void {
  if (member) member.statistics = { ...member.statistics, state };
}

function reportIfGone({ dismissal, members, peers }: State): void {
  if (dismissal && members.size === 0) peers.deliver("root", { type: "dismissed" });
}

/** 64 random bits as 16 hexadecimal digits, not in use. */
function newId({ context, members }: State): NodeId {
  const half = () => Math.floor(context.random.next() * 2 ** 32).toString(16).padStart(8, "0");
  let id: NodeId;
  do id = half() + half(); while (members.has(id));
  return id;
}
