/**
 * The children of one actor, by name.
 *
 * @module
 */
import { Cell } from "./cell.ts";
import { endpointOf } from "./endpoint.ts";
import type { Behavior, Ref, SpawnOptions } from "./types.ts";

const defaultName = "actor";

/** Starts children, finds them again, and stops them. */
export class Children {
  readonly #parent: Cell;
  #byName: Map<string, Cell> | undefined;
  #serial = 1;

  constructor(parent: Cell) {
    this.#parent = parent;
  }

  get size(): number {
    return this.#byName?.size ?? 0;
  }

  spawn<M>(behavior: Behavior<M>, options: SpawnOptions = {}): Ref<M> {
    const parent = this.#parent;
    const name = options.name ?? defaultName;
    if (parent.isClosed) throw new Error(`Cannot spawn ${name}: its parent ${parent.path} has stopped`);
    checkOptions(name, options);
    const path = `${parent.path}/${this.#unique(name)}`;
    const cell = new Cell(parent.core, parent, path, behavior as Behavior<unknown>, options);
    this.#byName!.set(path, cell);
    parent.core.observer.onSpawn?.(cell.ref);
    return cell.ref;
  }

  /** @throws {TypeError} if the actor is not a child of this one */
  stop(child: Ref<never>): Promise<void> {
    const cell = endpointOf(child);
    if (!(cell instanceof Cell) || !cell.isChildOf(this.#parent)) {
      return Promise.reject(new TypeError(`Cannot stop ${child.path}: it is not a child of ${this.#parent.path}`));
    }
    return cell.stop();
  }

  stopAll(): void {
    if (this.#byName === undefined) return;
    for (const child of this.#byName.values()) child.stopAsChild();
  }

  remove(child: Cell): void {
    this.#byName?.delete(child.path);
  }

  #unique(name: string): string {
    this.#byName ??= new Map();
    let unique = name;
    while (this.#byName.has(`${this.#parent.path}/${unique}`)) unique = `${name}#${++this.#serial}`;
    return unique;
  }
}

function checkOptions(name: string, options: SpawnOptions): void {
  const { mailboxMax, stopGraceMs, supervision } = options;
  if (mailboxMax !== undefined && mailboxMax !== Infinity && !(Number.isInteger(mailboxMax) && mailboxMax > 0)) {
    throw new RangeError(`Cannot spawn ${name}: mailboxMax is ${mailboxMax}, want an integer above 0, or Infinity`);
  }
  if (stopGraceMs !== undefined && !(stopGraceMs >= 0)) {
    throw new RangeError(`Cannot spawn ${name}: stopGraceMs is ${stopGraceMs}, want a number from 0`);
  }
  if (
    supervision !== undefined && supervision !== "stop" && supervision !== "escalate" && supervision.kind !== "restart"
  ) {
    throw new RangeError(
      `Cannot spawn ${name}: supervision is ${supervision}, want "stop", "escalate" or restart(...)`,
    );
  }
}
