/**
 * What all actors of one system share.
 *
 * @module
 */
import type { Asks } from "./ask.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Clock, Logger, Observer, Random } from "./types.ts";

/** The parts of a system that its actors use. */
export interface Core {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Its members never throw. */
  readonly observer: Observer;
  readonly dispatcher: Dispatcher;
  readonly deadLetters: DeadLetters;
  readonly asks: Asks;
  /** Makes the endpoint of something that is no actor here and takes messages through `tell`. */
  readonly standIn: (path: string, tell: (message: unknown) => boolean) => Endpoint;
}
