/**
 * What a node says to its server, over one connection after the other, and what it keeps until the server has it.
 * Nothing that user code says or returns makes it throw.
 *
 * @module
 */
import type { Connection } from "../actors/remote/connection.ts";
import { encodeFailure } from "../actors/remote/failure.ts";
import type {
  Attempt,
  ControlMessage,
  LogMessage,
  ProgressMessage,
  ResultEntry,
  WireMessage,
} from "../actors/remote/protocol.ts";
import { createBacklog } from "./backlog.ts";
import { failureOf } from "./failure.ts";
import { createRetained } from "./retained.ts";

/** While more than this waits to be sent, lines and progress are dropped; in bytes. */
const queuedBytesMax = 8 * 1024 ** 2;

/** See {@linkcode createUplink}. */
export interface Uplink {
  /** The node was registered anew: what it says from now on goes over this connection. */
  readonly open: (connection: Connection) => void;
  /**
   * The node was taken back: says what it holds, then sends all results again that are not safe, then what was said
   * meanwhile.
   *
   * @param unfinished What has no result yet
   */
  readonly resume: (connection: Connection, unfinished: readonly Attempt[]) => void;
  /** There is no connection any more: results, lines and messages are kept. */
  readonly close: () => void;
  readonly isOpen: () => boolean;
  /** Forgets all that is kept. */
  readonly clear: () => void;
  /** Says something about the node itself; lost without a connection. */
  readonly control: (message: ControlMessage) => void;
  /** Keeps results and hands them over. One that is too large to travel becomes a failure. */
  readonly results: (results: readonly ResultEntry[]) => void;
  /** Forgets results: they are safe, or nobody wants them. */
  readonly forget: (attempts: readonly Attempt[]) => void;
  /** How many results are kept. */
  readonly unacknowledged: () => number;
  /** Says what the node holds: this, and the results that it keeps; but not twice in a row that it is nothing. */
  readonly held: (unfinished: readonly Attempt[]) => void;
  /** Passes on a line or progress, unless too much waits already; how many lines were dropped is told later. */
  readonly say: (message: LogMessage | ProgressMessage) => void;
  readonly custom: (payload: Uint8Array) => void;
}

interface State {
  readonly retained: ReturnType<typeof createRetained>;
  readonly backlog: ReturnType<typeof createBacklog>;
  connection: Connection | undefined;
  /** Whether the last that was said over this connection of what the node holds was: nothing. */
  hasSaidNothing: boolean;
  /** Lines that were dropped because the connection is slow. */
  dropped: number;
}

/** Makes an uplink without a connection. */
export function createUplink(): Uplink {
  const state: State = {
    retained: createRetained(),
    backlog: createBacklog(),
    connection: undefined,
    hasSaidNothing: false,
    dropped: 0,
  };
  const { retained, backlog } = state;
  const control = (message: ControlMessage): void => state.connection?.send({ kind: "control", message });
  const open = (connection: Connection): void => {
    state.connection = connection;
    state.hasSaidNothing = false;
    state.dropped = 0;
  };
  const close = (): void => void (state.connection = undefined);
  return {
    open,
    resume: (connection, unfinished) => {
      open(connection);
      sendHeld(state, connection, unfinished);
      retained.add(sendResults(connection, retained.all()));
      for (const message of backlog.take()) sendCustomOrLine(connection, message);
    },
    close,
    isOpen: () => state.connection !== undefined,
    clear: () => {
      retained.clear();
      backlog.clear();
    },
    control,
    results: (results) => retained.add(state.connection ? sendResults(state.connection, results) : results),
    forget: retained.forget,
    unacknowledged: retained.count,
    held: (unfinished) => {
      if (state.connection) sendHeld(state, state.connection, unfinished);
    },
    say: (message) => {
      if (state.connection) return say(state, state.connection, message);
      if (message.type === "log") backlog.line(message);
    },
    custom: (payload) => {
      if (state.connection) sendCustomOrLine(state.connection, { kind: "custom", payload });
      else backlog.custom(payload);
    },
  };
}

function sendHeld(state: State, connection: Connection, unfinished: readonly Attempt[]): void {
  const attempts = [...unfinished, ...state.retained.all()].map(({ task, attempt }) => ({ task, attempt }));
  if (attempts.length === 0 && state.hasSaidNothing) return;
  state.hasSaidNothing = attempts.length === 0;
  connection.send({ kind: "held", attempts });
}

/** @returns The results as they were sent */
function sendResults(connection: Connection, results: readonly ResultEntry[]): readonly ResultEntry[] {
  if (results.length === 0) return results;
  try {
    connection.send({ kind: "results", results });
    return results;
  } catch {
    // Those before the one at fault may be on their way already; the server drops what comes twice.
    return results.map((result) => sendOneResult(connection, result));
  }
}

function sendOneResult(connection: Connection, result: ResultEntry): ResultEntry {
  try {
    connection.send({ kind: "results", results: [result] });
    return result;
  } catch (error) {
    const failed = { ...result, status: "failed", payload: encodeFailure(failureOf("encode", error)) } as const;
    connection.send({ kind: "results", results: [failed] });
    return failed;
  }
}

function say(state: State, connection: Connection, message: LogMessage | ProgressMessage): void {
  if (connection.bytesQueued > queuedBytesMax) {
    if (message.type === "log") state.dropped++;
    return;
  }
  if (state.dropped > 0) {
    const text = `dropped ${state.dropped} lines: the connection was too slow for them`;
    connection.send({ kind: "control", message: { type: "log", level: "warn", text } });
    state.dropped = 0;
  }
  connection.send({ kind: "control", message });
}

function sendCustomOrLine(connection: Connection, message: WireMessage): void {
  try {
    connection.send(message);
  } catch (error) {
    const text = `a message to the server's half of the job was dropped: ${failureOf("error", error).message}`;
    connection.send({ kind: "control", message: { type: "log", level: "error", text } });
  }
}
