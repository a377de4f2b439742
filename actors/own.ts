/**
 * Messages that an actor has asked to be told: by its timers, watches and pipes.
 *
 * @module
 */

/**
 * Wraps such a message while it waits in the mailbox. It belongs to one life of its actor, the time from a start to the
 * next restart, and is dropped after it.
 */
export class Own {
  readonly life: number;
  /** Whether it is in the mailbox. */
  waiting = false;
  cancelled = false;
  readonly #value: unknown;
  readonly #build: ((value: unknown) => unknown) | undefined;

  /** @param build Makes the message of the value, in the actor's turn; without it the value is the message */
  constructor(life: number, value: unknown, build?: (value: unknown) => unknown) {
    this.life = life;
    this.#value = value;
    this.#build = build;
  }

  open(): unknown {
    return this.#build === undefined ? this.#value : this.#build(this.#value);
  }
}
