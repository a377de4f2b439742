/**
 * The user lane of a mailbox: a ring of messages in order of arrival.
 *
 * @module
 */

const initialSlots = 8;
/** A ring that had to grow beyond this many slots gives its memory back once it is empty. */
const keptSlotsMax = 4096;

/** A first-in, first-out queue on one array, whose length is a power of two. It knows no bound; its owner does. */
export class Ring<T> {
  /** How many messages wait. */
  size = 0;
  #slots: (T | undefined)[] = [];
  #head = 0;

  /** How many messages fit before the ring grows. */
  get slots(): number {
    return this.#slots.length;
  }

  push(message: T): void {
    if (this.size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.size) & (this.#slots.length - 1)] = message;
    this.size++;
  }

  /** Takes the oldest message. Only to be called when there is one. */
  shift(): T {
    const slots = this.#slots;
    const head = this.#head;
    const message = slots[head] as T;
    slots[head] = undefined;
    this.#head = (head + 1) & (slots.length - 1);
    this.size--;
    return message;
  }

  /** Gives back memory that a burst has left behind, if the ring is empty. */
  release(): void {
    if (this.size !== 0 || this.#slots.length <= keptSlotsMax) return;
    this.#slots = [];
    this.#head = 0;
  }

  #grow(): void {
    const old = this.#slots;
    const grown = new Array<T | undefined>(Math.max(initialSlots, old.length * 2)).fill(undefined);
    for (let index = 0; index < this.size; index++) grown[index] = old[(this.#head + index) & (old.length - 1)];
    this.#slots = grown;
    this.#head = 0;
  }
}
