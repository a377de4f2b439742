/**
 * An operator's connection to a server: gives orders and hears how they went.
 *
 * @module
 */
import { systemClock } from "../actors/clock.ts";
import { type Connection, openConnection } from "../actors/remote/connection.ts";
import { operatorHandshake, type OperatorHandshakeOptions } from "../actors/remote/handshake.ts";
import { decodePayload } from "../actors/remote/payload.ts";
import type { Order, WireMessage } from "../actors/remote/protocol.ts";
import { type Address, formatAddress, type Transport } from "../actors/remote/transport.ts";

/** How long connecting may take, and then the handshake and the answer, in milliseconds. */
const timeoutMs = 10_000;

/** How an order went. */
export interface Answered {
  readonly ok: boolean;
  /** One line for people. */
  readonly text: string;
  /** What was asked for, if it was. */
  readonly data?: unknown;
}

/** The server cannot be reached, refuses this operator, or went before it answered. */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
  /** Stable, for programs. */
  readonly code = "operator-unreachable";
}

/** Options of {@linkcode giveOrder}. */
export interface OperatorOptions extends Omit<OperatorHandshakeOptions, "channel"> {
  readonly address: Address;
  readonly transport: Transport;
}

/**
 * Dials a server, gives one order, and waits for its answer.
 *
 * @throws {OperatorError} If there is no answer, with the reason.
 */
export async function giveOrder(options: OperatorOptions, order: Omit<Order, "type" | "id">): Promise<Answered> {
  const { address, transport, ...self } = options;
  const where = formatAddress(address);
  const fail = (why: string, cause?: unknown) => new OperatorError(`Cannot give orders to ${where}: ${why}`, { cause });
  const link = await transport.connect(address, { timeoutMs })
    .catch((cause) => Promise.reject(fail((cause as Error).message, cause)));
  const messages = createQueue();
  const connection = openConnection(link, { clock: systemClock, onMessage: messages.push });
  void connection.closed.then(({ error }) => messages.end(error ?? new Error("the server closed the connection")));
  const timer = setTimeout(() => connection.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await introduce(connection, messages.next, { ...self, channel: link.channel });
    connection.send({ kind: "control", message: { ...order, type: "order", id: 1 } });
    return await hearAnswer(messages.next);
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  } finally {
    clearTimeout(timer);
    connection.close();
    await connection.closed;
  }
}

type NextMessage = () => Promise<WireMessage>;

async function introduce(connection: Connection, next: NextMessage, self: OperatorHandshakeOptions): Promise<void> {
  const handshake = operatorHandshake(self);
  connection.send({ kind: "control", message: handshake.hello });
  for (;;) {
    const message = await next();
    if (message.kind !== "control") throw new Error(`unexpected ${message.kind} frame before the welcome`);
    const { reply, outcome } = await handshake.receive(message.message);
    if (reply) connection.send({ kind: "control", message: reply });
    if (outcome && "refused" in outcome) throw new Error(outcome.refused.message);
    if (outcome) return;
  }
}

async function hearAnswer(next: NextMessage): Promise<Answered> {
  const message = await next();
  if (message.kind !== "control" || message.message.type !== "answer") throw new Error("it sent something else");
  const { ok, text, hasData } = message.message;
  if (!hasData) return { ok, text };
  const data = await next();
  if (data.kind !== "custom") throw new Error("it sent something else than the data");
  return { ok, text, data: decodePayload(data.payload) };
}

/** Messages in the order in which they come, for whoever waits for the next one. */
function createQueue() {
  const waiting: WireMessage[] = [];
  let ended: Error | undefined;
  let wake = Promise.withResolvers<void>();
  const announce = (): void => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  return {
    push: (message: WireMessage): void => {
      waiting.push(message);
      announce();
    },
    end: (error: Error): void => {
      ended = error;
      announce();
    },
    next: async (): Promise<WireMessage> => {
      for (;;) {
        const message = waiting.shift();
        if (message) return message;
        if (ended) throw ended;
        await wake.promise;
      }
    },
  };
}
