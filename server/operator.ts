/**
 * An operator on a connection: the state of a Session that takes orders and answers each.
 *
 * @module
 */
import type { Connection } from "../actors/remote/connection.ts";
import { encodePayload } from "../actors/remote/payload.ts";
import type { NodeId, Order } from "../actors/remote/protocol.ts";
import type { Logger } from "../actors/types.ts";
import type { NodeStatistics } from "./messages.ts";
import type { RemoteSteering } from "./steering.ts";

/** What is needed to carry out orders. */
export interface Operating {
  readonly connection: Connection;
  readonly steering: RemoteSteering;
  readonly log: Logger;
  readonly job: string;
  readonly run: string;
  /** The operator's name. */
  readonly name: string;
}

/** How an order went; data goes behind its answer. */
interface Done {
  readonly text: string;
  readonly data?: unknown;
}

/** Carries out an order, and answers it. Never rejects. */
export async function carryOut(operating: Operating, order: Order): Promise<void> {
  const { connection, log, name } = operating;
  const { id, action, node } = order;
  let answer: Done & { readonly ok: boolean };
  try {
    answer = { ok: true, ...await perform(operating, order) };
  } catch (error) {
    answer = { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
  const { ok, text, data } = answer;
  const says = `operator ${name}: ${[action, node].join(" ").trim()}: ${text}`;
  // Who only looks changes nothing that anybody would want to read about.
  log[data === undefined ? "info" : "debug"](says, { address: connection.remoteAddress });
  connection.send({ kind: "control", message: { type: "answer", id, ok, text, hasData: data !== undefined } });
  if (data !== undefined) connection.send({ kind: "custom", payload: encodePayload(data, action) });
}

async function perform({ steering, job, run, name }: Operating, order: Order): Promise<Done> {
  switch (order.action) {
    case "status": {
      const nodes = (await steering.statistics()).filter(({ state }) => state === "here").length;
      const state = steering.state();
      return { text: state, data: { job, run, state, nodes, progress: steering.progress() ?? null } };
    }
    case "nodes": {
      const nodes = await steering.statistics();
      return { text: `${nodes.length} nodes`, data: nodes };
    }
    case "pause":
      steering.pause();
      return { text: "nothing is granted until unpause; what is out goes on" };
    case "unpause":
      steering.unpause();
      return { text: "tasks are granted again" };
    case "drain":
      steering.drain();
      return { text: "nothing more is granted; the job ends when what is out has come back" };
    case "stop":
      steering.stop(order.reason ?? `stopped by operator ${name}`);
      return { text: "the job is stopped" };
    case "drain-node": {
      const { id, name } = await findNode(steering, order);
      steering.drainNode(id);
      return { text: `node ${name} goes when it has done what it has` };
    }
    case "remove-node": {
      const { id, name } = await findNode(steering, order);
      steering.removeNode(id);
      return { text: `node ${name} is given up; its tasks go to others` };
    }
    case "message":
      return await message(steering, order);
  }
}

async function message(steering: RemoteSteering, order: Order): Promise<Done> {
  const { node, payload } = order;
  if (payload === undefined) throw new Error("Cannot pass on a message that is not there: give it as JSON");
  if (node === undefined) {
    steering.message("job", payload);
    return { text: "the message is with the job" };
  }
  const to: NodeId = node === "all" ? node : (await findNode(steering, order)).id;
  steering.message(to, payload);
  return { text: `the message is on its way to ${node === "all" ? "all nodes" : `node ${node}`}` };
}

/** The node that is here and has this identity, or this name. */
async function findNode(steering: RemoteSteering, { node }: Order): Promise<NodeStatistics> {
  if (node === undefined) throw new Error("Cannot tell which node is meant: name it, as `nodes` lists them");
  const here = (await steering.statistics()).filter(({ state }) => state === "here");
  const found = here.filter(({ id }) => id === node);
  if (found.length === 0) found.push(...here.filter(({ name }) => name === node));
  if (found.length === 1) return found[0];
  const shown = JSON.stringify(node);
  if (found.length === 0) {
    throw new Error(`Cannot find node ${shown} among the ${here.length} that are here (see nodes)`);
  }
  throw new Error(`Cannot tell which node ${shown} is: ${found.length} have this name; use the id, as in nodes`);
}
