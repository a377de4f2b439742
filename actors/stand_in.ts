/**
 * References to what is no actor of this system, such as an actor on another machine.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { Endpoint } from "./endpoint.ts";
import type { TerminationReason } from "./types.ts";

/** Passes messages on through a function, until it is said to have ended. */
export class StandIn extends Endpoint {
  readonly #tell: (message: unknown) => boolean;

  constructor(core: Core, path: string, tell: (message: unknown) => boolean) {
    super(core, path);
    this.#tell = tell;
  }

  get isClosed(): boolean {
    return this.ended !== undefined;
  }

  tell(message: unknown): boolean {
    if (this.ended === undefined) return this.#tell(message);
    const reason = this.ended.reason === "unreachable" ? "unreachable" : "ended";
    return this.core.deadLetters.add(this.ref, message, reason);
  }

  end(reason: TerminationReason, cause?: unknown): void {
    if (this.ended === undefined) this.conclude(reason, cause);
  }
}
