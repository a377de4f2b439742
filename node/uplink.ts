/**
 * What a registered node sends. Nothing that user code says or returns makes it throw.
 *
 * @module
 */
import type { Connection } from "../actors/remote/connection.ts";
import { encodeFailure } from "../actors/remote/failure.ts";
import type { ControlMessage, LogMessage, ProgressMessage, ResultEntry } from "../actors/remote/protocol.ts";
import { failureOf } from "./failure.ts";

/** While more than this waits to be sent, lines and progress are dropped; in bytes. */
const backlogBytesMax = 8 * 1024 ** 2;

/** See {@linkcode createUplink}. */
export interface Uplink {
  readonly control: (message: ControlMessage) => void;
  /** Hands results over. One that is too large to travel becomes a failure. */
  readonly results: (results: readonly ResultEntry[]) => void;
  /** Passes on a line or progress, unless too much waits already; how many lines were dropped is told later. */
  readonly say: (message: LogMessage | ProgressMessage) => void;
  readonly custom: (payload: Uint8Array) => void;
}

/** Makes the uplink of one connection. */
export function createUplink(connection: Connection): Uplink {
  let dropped = 0;
  const control = (message: ControlMessage): void => connection.send({ kind: "control", message });

  const oneResult = (result: ResultEntry): void => {
    try {
      connection.send({ kind: "results", results: [result] });
    } catch (error) {
      const payload = encodeFailure(failureOf("encode", error));
      connection.send({ kind: "results", results: [{ ...result, status: "failed", payload }] });
    }
  };
  return {
    control,
    results: (results) => {
      try {
        connection.send({ kind: "results", results });
      } catch {
        // Those before the one at fault may be on their way already; the server drops what comes twice.
        results.forEach(oneResult);
      }
    },
    say: (message) => {
      if (connection.bytesQueued > backlogBytesMax) {
        if (message.type === "log") dropped++;
        return;
      }
      if (dropped > 0) {
        control({ type: "log", level: "warn", text: `dropped ${dropped} lines: the connection was too slow for them` });
        dropped = 0;
      }
      control(message);
    },
    custom: (payload) => {
      try {
        connection.send({ kind: "custom", payload });
      } catch (error) {
        const { message } = failureOf("error", error);
        control({
          type: "log",
          level: "error",
          text: `a message to the server's half of the job was dropped: ${message}`,
        });
      }
    },
  };
}
