/** The server's side of the wire, played by a test. */
import { assert } from "jsr:@std/assert@^1";
import { openConnection } from "../../actors/remote/connection.ts";
import { decodeFailure } from "../../actors/remote/failure.ts";
import { decodePayload, encodePayload } from "../../actors/remote/payload.ts";
import type {
  Attempt,
  ControlMessage,
  Hello,
  ResultEntry,
  TaskEntry,
  TaskFailure,
  WireMessage,
} from "../../actors/remote/protocol.ts";
import type { Address, Listener, Transport } from "../../actors/remote/transport.ts";
import type { Clock } from "../../actors/types.ts";

/** One node's connection. */
export interface Peer {
  readonly hello: Hello;
  /** All that came after the hello. */
  readonly received: WireMessage[];
  readonly send: (message: WireMessage) => void;
  readonly control: (message: ControlMessage) => void;
  /** Sends tasks; each is its data, and its number from `first` on. */
  readonly give: (data: readonly unknown[], more?: { first?: number; attempt?: number; timeoutMs?: number }) => void;
  /** Says that these attempts are safe; all whose results have come if none are named. */
  readonly acknowledge: (attempts?: readonly Attempt[]) => void;
  /** Resolves when so many results have come in all. */
  readonly results: (count: number) => Promise<ResultEntry[]>;
  /** Resolves with the last of so many lists of what is held, as sorted `task/attempt`. */
  readonly held: (count: number) => Promise<string[]>;
  /** Resolves when so many control messages of this type have come in all. */
  readonly controls: <T extends ControlMessage["type"]>(
    type: T,
    count?: number,
  ) => Promise<(ControlMessage & { type: T })[]>;
  /** Resolves when the connection has ended. */
  readonly closed: Promise<unknown>;
  readonly close: () => void;
  readonly abort: () => void;
}

/** What a peer says after the hello; nothing if it is absent. */
export interface Greeting {
  readonly heartbeatMs?: number;
  readonly node?: string;
  readonly run?: string;
  /** Take the node back as what it says it was, instead of registering it anew. */
  readonly resumed?: boolean;
  /** Say the welcome, and not the initial data. */
  readonly noInitial?: boolean;
  readonly options?: Record<string, unknown>;
  readonly initial?: unknown;
}

/** A server that takes one node after the other. */
export interface FakeServer {
  readonly address: Address;
  /** Takes the next node; welcomes it, or leaves it waiting for a word with `"silent"`. */
  readonly accept: (greeting?: Greeting | "silent") => Promise<Peer>;
  readonly close: () => void;
}

/** Options of {@linkcode fakeServer}. */
export interface FakeServerOptions {
  /** @default a free one */
  readonly port?: number;
  /** Whether each result is acknowledged as soon as it comes. @default false */
  readonly acknowledges?: boolean;
}

/** Listens for nodes. */
export async function fakeServer(
  transport: Transport,
  clock: Clock,
  { port = 0, acknowledges = false }: FakeServerOptions = {},
): Promise<FakeServer> {
  const listener = await transport.listen({ host: "127.0.0.1", port });
  return {
    address: listener.address,
    accept: (greeting = {}) => accept(listener, clock, { greeting, acknowledges }),
    close: listener.close,
  };
}

function welcome({ protocol, package: version, resume }: Hello, greeting: Greeting): WireMessage[] {
  const { heartbeatMs = 1000, options = {}, initial, resumed = false, noInitial = resumed } = greeting;
  const { node = resumed ? resume!.node : "00000000000000aa", run = "5e".repeat(16) } = greeting;
  const fields = { protocol, package: version, node, run, resumed, heartbeatMs, options: encodePayload(options) };
  const message: WireMessage = { kind: "control", message: { type: "welcome", ...fields } };
  if (noInitial) return [message];
  return [message, { kind: "initial", payload: initial === undefined ? undefined : encodePayload(initial) }];
}

async function accept(
  listener: Listener,
  clock: Clock,
  { greeting, acknowledges }: { readonly greeting: Greeting | "silent"; readonly acknowledges: boolean },
): Promise<Peer> {
  const received: WireMessage[] = [];
  const checks = new Set<() => void>();
  const connection = openConnection(await listener.accept(), {
    clock,
    onMessage: (message) => {
      received.push(message);
      if (acknowledges && message.kind === "results") connection.send({ kind: "acks", attempts: message.results });
      for (const check of checks) check();
    },
  });
  const when = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = find();
        if (found === undefined) return;
        checks.delete(check);
        resolve(found);
      };
      checks.add(check);
      check();
    });
  const controlsOf = <T extends ControlMessage["type"]>(type: T) =>
    received.flatMap((each) =>
      each.kind === "control" && each.message.type === type ? [each.message as ControlMessage & { type: T }] : []
    );
  const control = (message: ControlMessage): void => connection.send({ kind: "control", message });
  const hello = await when(() => controlsOf("hello").at(0));
  received.length = 0;
  if (greeting !== "silent") { for (const message of welcome(hello, greeting)) connection.send(message); }
  const allResults = (): ResultEntry[] => received.flatMap((each) => each.kind === "results" ? each.results : []);
  return {
    hello,
    received,
    send: connection.send,
    control,
    give: (data, { first = 0, attempt = 1, timeoutMs = 0 } = {}) =>
      connection.send({
        kind: "tasks",
        tasks: data.map((each, index): TaskEntry => ({
          task: first + index,
          attempt,
          timeoutMs,
          payload: encodePayload(each),
        })),
      }),
    acknowledge: (attempts = allResults()) =>
      connection.send({ kind: "acks", attempts: attempts.map(({ task, attempt }) => ({ task, attempt })) }),
    held: (count) =>
      when(() => {
        const lists = received.flatMap((each) => each.kind === "held" ? [each.attempts] : []);
        return lists.length >= count ? lists[count - 1].map(nameOf).sort() : undefined;
      }),
    results: (count) => when(() => allResults().length >= count ? allResults() : undefined),
    controls: (type, count = 1) => when(() => controlsOf(type).length >= count ? controlsOf(type) : undefined),
    closed: connection.closed,
    close: connection.close,
    abort: connection.abort,
  };
}

/** An attempt in short. */
export const nameOf = ({ task, attempt }: Attempt): string => `${task}/${attempt}`;

/** The values of results, by task. */
export function valuesOf(results: readonly ResultEntry[]): Map<number, unknown> {
  return new Map(results.map(({ task, status, payload }) => {
    assert(status === "ok", `task ${task} failed: ${status === "failed" && decodeFailure(payload).message}`);
    return [task, decodePayload(payload)];
  }));
}

/** The failure that a result reports. */
export function failureIn(result: ResultEntry): TaskFailure {
  assert(result.status === "failed", `task ${result.task} did not fail`);
  return decodeFailure(result.payload);
}
