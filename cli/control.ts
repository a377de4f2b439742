/**
 * `control`: steers a server at work.
 *
 * @module
 */
import { encodePayload } from "../actors/remote/payload.ts";
import { type Order, orderActions } from "../actors/remote/protocol.ts";
import { formatAddress } from "../actors/remote/transport.ts";
import type { NodeStatistics, Progress } from "../server/messages.ts";
import { packageVersion } from "../version.ts";
import { serverAddress } from "./address.ts";
import { configFlag, configFlags } from "./config_sources.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { table } from "./help.ts";
import { defaultNodeName } from "./machine.ts";
import { networkOf } from "./network.ts";
import { giveOrder, OperatorError } from "./operator.ts";
import { didYouMean } from "./suggest.ts";
import { gatherWithToken } from "./token_file.ts";
import type { Invocation, Verb } from "./verb.ts";

/** What each action takes beside its name, and what it does. */
const actions: Readonly<Record<Order["action"], readonly [argument: string, what: string]>> = {
  status: ["", "show how far the job is"],
  nodes: ["", "list the nodes"],
  pause: ["", "hand out nothing more; what is out goes on"],
  unpause: ["", "hand out again"],
  drain: ["", "hand out nothing more, and end when what is out has come back"],
  "drain-node": ["NODE", "send a node home when it has done what it has"],
  "remove-node": ["NODE", "give up a node; its tasks go to others"],
  stop: ["[REASON]", "end the job"],
  message: ["JSON", "hand the job's server half a message; with --to, its nodes"],
};

/** Reads what follows the verb: an action, and what it takes. */
export function parseOrder({ args, program }: Pick<Invocation, "args" | "program">): Omit<Order, "type" | "id"> {
  const [word, argument, unexpected] = args.positionals;
  if (word === undefined) throw new UsageError(`No action: ${orderActions.join(", ")} (${program} control --help)`);
  const action = orderActions.find((each) => each === word);
  if (!action) {
    const hint = didYouMean(word, orderActions) || `: ${orderActions.join(", ")}`;
    throw new UsageError(`Unknown action ${JSON.stringify(word)}${hint}`);
  }
  const [takes] = actions[action];
  const surplus = takes === "" ? argument : unexpected ?? args.rest[0];
  if (surplus !== undefined) throw new UsageError(`Unexpected argument ${JSON.stringify(surplus)} of ${action}`);
  if (argument === undefined && takes !== "" && !takes.startsWith("[")) {
    throw new UsageError(`Cannot ${action} without ${takes}: ${program} control ${action} ${takes} --join HOST:PORT`);
  }
  const to = args.flags.get("to");
  if (to !== undefined && action !== "message") {
    throw new UsageError(`Cannot use --to with ${action}, but with message`);
  }
  if (action === "message") {
    return { action, payload: encodePayload(parseMessage(argument), "message"), ...(to ? { node: String(to) } : {}) };
  }
  if (argument === undefined) return { action };
  return action === "stop" ? { action, reason: argument } : { action, node: argument };
}

function parseMessage(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`Cannot read the message ${JSON.stringify(text)}: ${(cause as Error).message}`, { cause });
  }
}

/** What `status` answers with. */
interface Status {
  readonly job: string;
  readonly run: string;
  readonly state: string;
  readonly nodes: number;
  readonly progress: Progress | null;
}

function describeStatus({ job, run, state, nodes, progress }: Status): string[] {
  const { collected = 0, running = 0, failed = 0, total, slots = 0, etaMs } = progress ?? {};
  return table([
    ["job", job],
    ["run", run],
    ["state", state],
    ["nodes", `${nodes}, with ${slots} slots`],
    ["collected", total === undefined ? String(collected) : `${collected} of ${total}`],
    ["running", String(running)],
    ["failed", String(failed)],
    ["left", etaMs === undefined ? "unknown" : `${Math.round(etaMs / 1_000)} s`],
  ]);
}

function describeNodes(nodes: readonly NodeStatistics[]): string[] {
  return nodes.map(({ id, name, state, slots, address, labels }) => {
    const words = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    return [id, state, name, `${slots} slots`, address, ...words].join("  ");
  });
}

async function execute(invocation: Invocation): Promise<number> {
  const { args, environment, terminal, program } = invocation;
  const order = parseOrder(invocation);
  const { config, warnings } = await gatherWithToken({ flags: args.flags, environment });
  for (const warning of warnings) terminal.note(`warning: ${warning}`);
  const address = serverAddress(invocation, config.port);
  const self = { package: packageVersion, name: defaultNodeName(), token: config.token || undefined };
  try {
    const { ok, text, data } = await giveOrder({ address, transport: networkOf(config), ...self }, order);
    if (!ok) {
      terminal.note(`error: ${text} (${program} control ${order.action} at ${formatAddress(address)})`);
      return exitCodes.failed;
    }
    if (args.flags.get("json") === true) terminal.print(JSON.stringify(data ?? { text }));
    else if (order.action === "status") terminal.print(describeStatus(data as Status).join("\n"));
    else if (order.action === "nodes") describeNodes(data as readonly NodeStatistics[]).forEach(terminal.print);
    else terminal.print(text);
    return exitCodes.complete;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    terminal.note(`error: ${error.message}`);
    return exitCodes.unreachable;
  }
}

const connection = ["token", "tokenFile", "encrypt", "authorityFile", "fingerprint"];

/** The verb `control`. */
export const controlVerb: Verb = {
  name: "control",
  summary: "Steer a server at work",
  usage: "--join HOST:PORT [OPTIONS]",
  operand: [
    "ACTION [ARGUMENT]",
    ["Actions:", ...table(orderActions.map((name) => [[name, actions[name][0]].join(" "), actions[name][1]]))].join(
      "\n",
    ),
  ],
  takesJobOptions: false,
  flags: [
    { name: "join", type: "string", placeholder: "HOST:PORT", help: "the server; an IPv6 address as [::1]:9000" },
    { name: "to", type: "string", placeholder: "NODE", help: "which node a message is for, or `all`" },
    { name: "json", type: "boolean", help: "print the answer as one line of JSON" },
    ...configFlags(({ name }) => connection.includes(name)),
    configFlag,
  ],
  execute,
};
