/**
 * Where messages go that reached nobody.
 *
 * @module
 */
import type { Clock, DeadLetter, DeadLetterReason, Logger, Ref } from "./types.ts";
import { describeMessage } from "./supervision.ts";

/** At most one log line in this time, in milliseconds; the next line counts what was left out. */
const logEveryMs = 10_000;

/** Counts dead letters, tells listeners of them, and writes about them now and then. */
export class DeadLetters {
  readonly counts: Record<DeadLetterReason, number> = { "mailbox-full": 0, ended: 0, "late-reply": 0, unreachable: 0 };
  /** Set at shutdown, when dead letters are no news. They are still counted. */
  silent = false;
  readonly #listeners = new Set<(letter: DeadLetter) => void>();
  readonly #clock: Clock;
  readonly #logger: () => Logger;
  #lastLogged = -Infinity;
  #unlogged = 0;

  constructor(clock: Clock, logger: () => Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Returns `false`, as the `tell` that could not deliver does. */
  add(to: Ref<never>, message: unknown, reason: DeadLetterReason): false {
    this.counts[reason]++;
    if (this.#listeners.size !== 0) this.#notify({ to, message, reason });
    if (!this.silent) this.#log(to, message, reason);
    return false;
  }

  /** @returns A function that removes the listener */
  listen(listener: (letter: DeadLetter) => void): () => void {
    const entry = (letter: DeadLetter) => listener(letter);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  #notify(letter: DeadLetter): void {
    for (const listener of this.#listeners) {
      try {
        listener(letter);
      } catch (cause) {
        this.#logger().error("a dead-letter listener threw", { cause });
      }
    }
  }

  #log(to: Ref<never>, message: unknown, reason: DeadLetterReason): void {
    const now = this.#clock.now();
    if (now - this.#lastLogged < logEveryMs) {
      this.#unlogged++;
      return;
    }
    // Whoever talks to an actor that ends just now has done nothing wrong; a full mailbox is another matter.
    const level = reason === "ended" || reason === "late-reply" ? "debug" : "warn";
    this.#logger()[level]("dead letter", {
      to: to.path,
      message: describeMessage(message),
      reason,
      unlogged: this.#unlogged,
    });
    this.#lastLogged = now;
    this.#unlogged = 0;
  }
}
