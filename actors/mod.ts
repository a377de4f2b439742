/**
 * An actor runtime: typed references, bounded mailboxes, supervision, death watch, asking, and a test kit with a clock
 * of its own. It knows nothing of jobs or sockets and can be used for something else.
 *
 * @module
 */

// Systems and their actors: make a system, and end an actor from its handler.
export { createSystem } from "./system.ts";
export { stop } from "./types.ts";
export type {
  Behavior,
  Context,
  Handler,
  Next,
  Observer,
  Ref,
  SpawnOptions,
  System,
  SystemOptions,
  Terminated,
  TerminationReason,
} from "./types.ts";

// Supervision: what happens to a child that fails.
export { restart } from "./supervision.ts";
export type { RestartOptions } from "./supervision.ts";
export type { RestartPolicy, Supervision } from "./types.ts";

// Asking: a message that is answered.
export { AskError } from "./ask.ts";
export type { AskErrorCode } from "./ask.ts";
export type { AskOptions } from "./types.ts";

// Dead letters: messages that reached nobody.
export type { DeadLetter, DeadLetterReason } from "./types.ts";

// Time, randomness and logs, which a system takes as options.
export { createRandom, systemClock } from "./clock.ts";
export { createLogger } from "./log.ts";
export type { LoggerOptions } from "./log.ts";
export type { Clock, Logger, LogLevel, Random } from "./types.ts";

// References to actors that live elsewhere, for whoever carries messages between systems.
export { createRemoteRef } from "./system.ts";
export type { RemoteRef, RemoteRefOptions } from "./system.ts";

// Tests: a system under a virtual clock, whose every run is the same.
export { createTestSystem } from "./testing/test_system.ts";
export type { PeerOptions, Probe, TestSystem, TestSystemOptions } from "./testing/test_system.ts";
