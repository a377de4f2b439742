/**
 * A node as a script: it speaks the wire, and does with its tasks what a test says.
 *
 * @module
 */
import { type Connection, openConnection } from "../../actors/remote/connection.ts";
import { encodeFailure } from "../../actors/remote/failure.ts";
import { nodeHandshake } from "../../actors/remote/handshake.ts";
import { decodePayload, encodePayload } from "../../actors/remote/payload.ts";
import type {
  Attempt,
  ControlMessage,
  Refused,
  TaskEntry,
  TaskFailure,
  Welcome,
  WireMessage,
} from "../../actors/remote/protocol.ts";
import type { Transport } from "../../actors/remote/transport.ts";
import type { Clock } from "../../actors/types.ts";

/** What the server of a test accepts, if not changed. */
export const identity = { package: "1.2.3", job: "test", codeHash: "ab".repeat(32) };

/** Options of {@linkcode dial}. */
export interface FakeNodeOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly port: number;
  readonly name?: string;
  readonly slots?: number;
  readonly token?: string;
  readonly identity?: Partial<typeof identity>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly lifetimeMs?: number;
  /** The node that it was, if it comes back. */
  readonly was?: FakeNode;
}

/** A fake node, registered or refused. */
export interface FakeNode {
  readonly connection: Connection;
  /** Tasks that came and were not taken out. */
  readonly tasks: TaskEntry[];
  /** Control messages that came after the handshake. */
  readonly control: ControlMessage[];
  /** Initial data and custom messages, decoded. */
  readonly values: unknown[];
  /** The server's word, if it refused. */
  readonly refusal: () => Refused | undefined;
  readonly isWelcome: () => boolean;
  readonly welcome: () => Welcome;
  /** Attempts that the server has acknowledged, as `task/attempt`. */
  readonly acks: string[];
  /** Says all that the node holds. */
  readonly holds: (attempts: readonly Attempt[]) => void;
  readonly say: (message: ControlMessage) => void;
  /** Sends one result, or several in one frame. */
  readonly succeed: (tasks: TaskEntry | readonly TaskEntry[], compute: (data: unknown) => unknown) => void;
  readonly fail: (task: TaskEntry, failure: Partial<TaskFailure>) => void;
}

/** Dials the server and introduces itself. */
export async function dial(options: FakeNodeOptions): Promise<FakeNode> {
  const { transport, clock, port, name = "fake", slots = 1, token } = options;
  const link = await transport.connect({ host: "127.0.0.1", port });
  const was = options.was?.welcome();
  const handshake = nodeHandshake({
    ...{ ...identity, ...options.identity, name, slots, labels: options.labels ?? {}, token },
    ...(was && { resume: { run: was.run, node: was.node } }),
    ...(options.lifetimeMs !== undefined && { lifetimeMs: options.lifetimeMs }),
  });
  const node = {
    acks: [] as string[],
    tasks: [] as TaskEntry[],
    control: [] as ControlMessage[],
    values: [] as unknown[],
  };
  let outcome: Awaited<ReturnType<typeof handshake.receive>>["outcome"];

  const receive = async (message: WireMessage): Promise<void> => {
    if (message.kind === "tasks") node.tasks.push(...message.tasks);
    else if (message.kind === "acks") node.acks.push(...message.attempts.map((one) => `${one.task}/${one.attempt}`));
    else if (message.kind === "control" && outcome) node.control.push(message.message);
    else if (message.kind === "control") {
      const answer = await handshake.receive(message.message);
      outcome = answer.outcome;
      if (answer.reply) connection.send({ kind: "control", message: answer.reply });
    } else if ("payload" in message) node.values.push(message.payload && decodePayload(message.payload));
  };
  const connection = openConnection(link, { clock, onMessage: receive });
  connection.send({ kind: "control", message: handshake.hello });
  return {
    ...node,
    connection,
    refusal: () => outcome && "refused" in outcome ? outcome.refused : undefined,
    isWelcome: () => outcome !== undefined && "welcomed" in outcome,
    welcome: () => {
      if (!outcome || !("welcomed" in outcome)) throw new Error("the node is not welcome");
      return outcome.welcomed;
    },
    holds: (attempts) => connection.send({ kind: "held", attempts }),
    say: (message) => connection.send({ kind: "control", message }),
    succeed: (tasks, compute) => {
      const results = [tasks].flat().map(({ task, attempt, payload }) => ({
        task,
        attempt,
        status: "ok" as const,
        elapsedMs: 10,
        payload: encodePayload(compute(decodePayload(payload))),
      }));
      connection.send({ kind: "results", results });
    },
    fail: ({ task, attempt }, failure) => {
      const payload = encodeFailure({ kind: "error", name: "Error", message: "boom", ...failure });
      connection.send({ kind: "results", results: [{ task, attempt, status: "failed", elapsedMs: 1, payload }] });
    },
  };
}
