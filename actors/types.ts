/**
 * The types of the actor runtime: behaviors, references, contexts, and what is injected into a system.
 *
 * @module
 */

/**
 * Returned by a handler to end its own actor after this message. Children are stopped first; what is left in the
 * mailbox goes to the dead letters.
 */
export const stop: unique symbol = Symbol("gristmill.stop");

/** What a handler says about the next message: nothing (same handler), another handler, or {@linkcode stop}. */
export type Next<M> = void | Handler<M> | typeof stop;

/** Handles one message at a time. When it returns a promise, the user lane waits until that has settled. */
export type Handler<M> = (message: M) => Next<M> | Promise<Next<M>>;

/**
 * An actor is a factory that returns its handler. State lives in the closure, so a restart is another call of the
 * factory and fresh by construction.
 *
 * @example A counter
 * ```ts
 * import type { Behavior, Ref } from "@gristmill/gristmill/actors";
 *
 * type Count = { type: "add"; by: number } | { type: "read"; replyTo: Ref<number> };
 * export const counter: Behavior<Count> = () => {
 *   let total = 0;
 *   return (message) => {
 *     if (message.type === "add") total += message.by;
 *     else message.replyTo.tell(total);
 *   };
 * };
 * ```
 */
export type Behavior<M> = (context: Context<M>) => Handler<M>;

/** The address of an actor. Plain, comparable by identity within one system, safe to keep after the actor's end. */
export interface Ref<M> {
  /** The path of names from the root, such as `server/scheduler`; for logs. Names end in `#n` where not unique. */
  readonly path: string;
  /**
   * Puts a message into the actor's mailbox. Never throws.
   *
   * @returns `false` if the message was not taken (mailbox full or actor ended): it is then counted and given to
   * the dead letters with the reason.
   */
  readonly tell: (message: M) => boolean;
  /**
   * Sends a message that carries a reference to answer to, and waits for the first answer.
   *
   * @throws {AskError} code `ask-timeout` after `timeoutMs`, code `ask-dead` at once when the receiver has ended or
   * ends before it answers, code `ask-refused` if its mailbox did not take the message.
   */
  readonly ask: <R>(message: (replyTo: Ref<R>) => M, options: AskOptions) => Promise<R>;
}

/** Options of {@linkcode Ref.ask}. */
export interface AskOptions {
  /** How long to wait for the answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** Why an actor that was watched is gone. */
export type TerminationReason = "stopped" | "failed" | "unreachable";

/** What a watcher learns of the end of the actor that it watched. */
export interface Terminated {
  /** The actor that is gone. */
  readonly ref: Ref<never>;
  /** `stopped` by its own or its parent's will, `failed` by an error, `unreachable` with a lost connection. */
  readonly reason: TerminationReason;
  /** The error, if the reason is `failed`. */
  readonly cause?: unknown;
}

/** What an actor can do, given to its behavior. */
export interface Context<M> {
  /** The actor's own address. */
  readonly self: Ref<M>;
  /** Aborted when the actor stops or restarts; hand it to what the actor started. */
  readonly signal: AbortSignal;
  /** The system's logger, tagged with the actor's path. */
  readonly log: Logger;
  /** The system's clock. */
  readonly clock: Clock;
  /** The system's source of randomness. */
  readonly random: Random;
  /** Starts a child. */
  readonly spawn: <N>(behavior: Behavior<N>, options?: SpawnOptions) => Ref<N>;
  /** Stops a child: its children first, then itself. Resolves when it is gone. */
  readonly stop: (child: Ref<never>) => Promise<void>;
  /**
   * Has `message(terminated)` told to this actor when `ref` is gone: exactly once, also if it is gone already.
   *
   * @returns A function that takes the watch back.
   */
  readonly watch: (ref: Ref<never>, message: (terminated: Terminated) => M) => () => void;
  /** Tells the actor itself `message` once, after `delayMs` milliseconds. Cancelled by the actor's end or restart. */
  readonly after: (delayMs: number, message: M) => () => void;
  /**
   * Tells the actor itself `message` every `periodMs` milliseconds. A tick is skipped while the one before it still
   * waits in the mailbox.
   */
  readonly every: (periodMs: number, message: M) => () => void;
  /**
   * Turns long work into an own message: `onResult(value)` or `onError(error)` is told to this actor when the promise
   * settles. Dropped if the actor has ended or restarted meanwhile.
   */
  readonly pipe: <T>(promise: Promise<T>, onResult: (value: T) => M, onError: (error: unknown) => M) => void;
}

/** Options of a spawn. */
export interface SpawnOptions {
  /** The name within the parent, for logs. @default "actor" */
  readonly name?: string;
  /** How many user messages may wait; `Infinity` for no bound. @default 4096 */
  readonly mailboxMax?: number;
  /** What the parent does when the child's handler throws or rejects. @default "stop" */
  readonly supervision?: Supervision;
  /**
   * How long an actor that stops or restarts waits for a promise that its handler has returned, in milliseconds. The
   * signal is aborted before; afterwards the actor is gone, whatever the promise does.
   *
   * @default 5000
   */
  readonly stopGraceMs?: number;
}

/** `stop` ends the child, `escalate` fails the parent with the child's error, a policy restarts it. */
export type Supervision = "stop" | "escalate" | RestartPolicy;

/** Restart a child, within a budget; made by `restart`. */
export interface RestartPolicy {
  /** Tells it from the other kinds of supervision. */
  readonly kind: "restart";
  /** How many restarts are allowed within the window; the next failure stops the child. */
  readonly max: number;
  /** The window, in milliseconds. */
  readonly withinMs: number;
  /** The delay before the first restart, in milliseconds; doubled with each one in the window, with full jitter. */
  readonly backoffMs: number;
}

/** Why a message was not delivered. */
export type DeadLetterReason = "mailbox-full" | "ended" | "late-reply" | "unreachable";

/** A message that reached nobody. */
export interface DeadLetter {
  /** For whom it was. */
  readonly to: Ref<never>;
  /** The message itself. */
  readonly message: unknown;
  /** Why it was not delivered. */
  readonly reason: DeadLetterReason;
}

/** Levels of a logger, from chatty to grave. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where log lines go. `fields` are plain values, printed behind the text. */
export type Logger = Readonly<Record<LogLevel, (text: string, fields?: Readonly<Record<string, unknown>>) => void>>;

/** Monotonic time and timers. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  readonly now: () => number;
  /** Calls back once after `delayMs` milliseconds. @returns A function that cancels it. */
  readonly setTimer: (delayMs: number, callback: () => void) => () => void;
}

/** A source of randomness. */
export interface Random {
  /** A float, uniform in [0, 1). */
  readonly next: () => number;
}

/** Receives what happens in a system, for metrics and traces. Every member is optional; an absent one costs nothing. */
export interface Observer {
  /** An actor was started. */
  readonly onSpawn?: (ref: Ref<never>) => void;
  /** An actor is gone. */
  readonly onStop?: (ref: Ref<never>, reason: TerminationReason) => void;
  /** An actor has handled a message, which took `elapsedMs` milliseconds. */
  readonly onMessage?: (ref: Ref<never>, message: unknown, elapsedMs: number) => void;
  /** A failed actor was made anew. */
  readonly onRestart?: (ref: Ref<never>, cause: unknown) => void;
}

/** Options of a system. */
export interface SystemOptions {
  /** The system's name, first in every path. @default "system" */
  readonly name?: string;
  /** Time and timers. @default the platform's monotonic clock */
  readonly clock?: Clock;
  /** Randomness, also that of backoff. @default a generator seeded by the platform */
  readonly random?: Random;
  /** Where log lines go. @default nothing is logged but failures, to the standard error */
  readonly logger?: Logger;
  /** Hears what happens. @default none */
  readonly observer?: Observer;
}

/** A tree of actors that share a dispatcher, a clock and a count of dead letters. */
export interface System {
  /** Starts a top-level actor. A failure that escalates to the top stops that actor. */
  readonly spawn: <M>(behavior: Behavior<M>, options?: SpawnOptions) => Ref<M>;
  /** Stops one top-level actor, or all of them, children first. Resolves when they are gone. */
  readonly stop: (ref?: Ref<never>) => Promise<void>;
  /** Calls `listener` for each dead letter. @returns A function that removes it. */
  readonly onDeadLetter: (listener: (letter: DeadLetter) => void) => () => void;
  /** How many dead letters there were, by reason. */
  readonly deadLetters: Readonly<Record<DeadLetterReason, number>>;
}
