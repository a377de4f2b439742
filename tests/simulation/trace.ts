/**
 * All that has happened, in one number: two runs with the same number have done the same.
 *
 * @module
 */
import type { WireMessage } from "../../actors/remote/protocol.ts";
import type { Clock } from "../../actors/types.ts";
import { mix } from "./dice.ts";

/** See {@linkcode createTrace}. */
export interface Trace {
  /** Something has happened, now; the numbers say what to. */
  readonly event: (what: string, ...numbers: readonly number[]) => void;
  /** A message was heard on a connection. */
  readonly message: (what: string, connection: number, message: WireMessage) => void;
  /** How many events there were. */
  readonly count: () => number;
  /** All of them, as 16 hexadecimal digits. */
  readonly hash: () => string;
}

/** Makes an empty trace. */
export function createTrace(clock: Clock): Trace {
  const words = new Map<string, number>();
  let low = 0x243f_6a88;
  let high = 0x85a3_08d3;
  let count = 0;

  const add = (value: number) => {
    low = mix(low, value | 0);
    high = mix(high ^ low, Math.floor(value / 2 ** 32));
  };
  const addWord = (word: string) => {
    let value = words.get(word);
    if (value === undefined) {
      value = 0;
      for (let index = 0; index < word.length; index++) value = mix(value, word.charCodeAt(index));
      words.set(word, value);
    }
    add(value);
  };
  const event = (what: string, ...numbers: readonly number[]) => {
    count++;
    add(Math.floor(clock.now() * 1024));
    addWord(what);
    for (const number of numbers) add(number);
  };
  const addEntries = (entries: readonly { readonly task: number; readonly attempt: number }[]) => {
    for (const { task, attempt } of entries) {
      add(task);
      add(attempt);
    }
  };
  return {
    event,
    // What is random in a handshake comes from the platform, and is left out.
    message: (what, connection, message) => {
      event(what, connection);
      if (message.kind === "control") {
        addWord(message.message.type);
        if ("attempts" in message.message) addEntries(message.message.attempts);
      } else {
        addWord(message.kind);
        if (message.kind === "tasks") addEntries(message.tasks);
        else if (message.kind === "results") addEntries(message.results);
        else if (message.kind === "acks" || message.kind === "held") addEntries(message.attempts);
      }
    },
    count: () => count,
    hash: () => [high, low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join(""),
  };
}
