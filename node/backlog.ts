/**
 * What user code says while there is no connection: lines, and messages to the server's half of the job. Bounded; the
 * oldest are dropped, and counted. Pure data.
 *
 * @module
 */
import type { LogMessage, WireMessage } from "../actors/remote/protocol.ts";

/** How many lines and messages are kept. */
export const backlogMax = 1000;
/** How many bytes the messages may have that are kept. */
export const backlogBytesMax = 8 * 1024 ** 2;

/** See {@linkcode createBacklog}. */
export interface Backlog {
  readonly line: (line: LogMessage) => void;
  readonly custom: (payload: Uint8Array) => void;
  /** Takes all that is kept, oldest first, behind a line that says what was dropped. */
  readonly take: () => WireMessage[];
  readonly clear: () => void;
}

type Kept = Extract<WireMessage, { kind: "control" | "custom" }>;

const bytesOf = (message: Kept): number => message.kind === "custom" ? message.payload.length : 0;

/**
 * Makes an empty backlog.
 *
 * @example
 * ```ts
 * import { createBacklog } from "./backlog.ts";
 *
 * const backlog = createBacklog();
 * backlog.line({ type: "log", level: "info", text: "still here" });
 * backlog.take().length; // 1
 * ```
 */
export function createBacklog(): Backlog {
  let kept: Kept[] = [];
  let bytes = 0;
  let dropped = { control: 0, custom: 0 };

  const clear = (): void => {
    kept = [];
    bytes = 0;
    dropped = { control: 0, custom: 0 };
  };
  const keep = (message: Kept): void => {
    kept.push(message);
    bytes += bytesOf(message);
    while (kept.length > backlogMax || bytes > backlogBytesMax) {
      const [oldest] = kept.splice(0, 1);
      bytes -= bytesOf(oldest);
      dropped[oldest.kind]++;
    }
  };
  return {
    line: (message) => keep({ kind: "control", message }),
    custom: (payload) => keep({ kind: "custom", payload }),
    take: () => {
      const { control, custom } = dropped;
      const taken: WireMessage[] = kept;
      clear();
      if (control + custom === 0) return taken;
      const text = `dropped ${control} lines and ${custom} messages: the node had no connection for too long`;
      return [{ kind: "control", message: { type: "log", level: "warn", text } }, ...taken];
    },
    clear,
  };
}
