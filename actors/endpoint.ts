/**
 * What stands behind a reference: something that takes messages, can be asked and watched, and ends once.
 *
 * @module
 */
import type { AskOptions, Ref, Terminated, TerminationReason } from "./types.ts";
import { ask, type PendingAsk } from "./ask.ts";
import type { Core } from "./core.ts";

/** One watch: who is called when the endpoint has ended. */
type Watch = (terminated: Terminated) => void;

/** The common part of actors in this system and of stand-ins for what is elsewhere. */
export abstract class Endpoint {
  readonly core: Core;
  readonly path: string;
  readonly ref: Ref<unknown>;
  /** How it ended, once it has. */
  ended: Terminated | undefined;
  /** The first of the asks that wait for an answer from here; a list linked through the asks themselves. */
  asks: PendingAsk | undefined;
  #watches: Set<Watch> | undefined;

  constructor(core: Core, path: string) {
    this.core = core;
    this.path = path;
    this.ref = new EndpointRef<unknown>(this);
  }

  /** Whether it has ended, or is about to. */
  abstract get isClosed(): boolean;

  /** Takes a message; see {@linkcode Ref.tell}. */
  abstract tell(message: unknown): boolean;

  /** Calls back once when this has ended: at once if it has. @returns A function that takes the watch back */
  watch(callback: Watch): () => void {
    if (this.ended !== undefined) {
      callback(this.ended);
      return () => {};
    }
    const watch: Watch = (terminated) => callback(terminated);
    this.#watches ??= new Set();
    this.#watches.add(watch);
    return () => void this.#watches?.delete(watch);
  }

  /** Marks the end, once: whoever asked is refused, whoever watched is told. */
  protected conclude(reason: TerminationReason, cause: unknown): void {
    this.ended = reason === "failed" ? { ref: this.ref, reason, cause } : { ref: this.ref, reason };
    while (this.asks !== undefined) this.asks.die();
    const watches = this.#watches;
    this.#watches = undefined;
    if (watches !== undefined) { for (const watch of watches) watch(this.ended); }
  }
}

/** A reference. Its functions can be taken off it and passed on. */
class EndpointRef<M> implements Ref<M> {
  readonly path: string;
  readonly tell: (message: M) => boolean;
  readonly ask: <R>(message: (replyTo: Ref<R>) => M, options: AskOptions) => Promise<R>;
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint) {
    this.path = endpoint.path;
    this.tell = (message) => endpoint.tell(message);
    this.ask = (message, options) => ask(endpoint, message, options);
    this.#endpoint = endpoint;
  }

  static endpointOf(ref: object): Endpoint | undefined {
    return #endpoint in ref ? ref.#endpoint : undefined;
  }
}

/** What stands behind a reference; `undefined` behind one that only takes the answer to an ask. */
export function endpointOf(ref: Ref<never>): Endpoint | undefined {
  return EndpointRef.endpointOf(ref);
}
