/**
 * Asking: a message that carries a reference to answer to, and a promise of the first answer.
 *
 * @module
 */
import type { AskOptions, Clock, Ref } from "./types.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Endpoint } from "./endpoint.ts";

/** Why an ask got no answer: none in time, the receiver has ended, or its mailbox did not take the message. */
export type AskErrorCode = "ask-timeout" | "ask-dead" | "ask-refused";

/**
 * An ask got no answer.
 *
 * @example
 * ```ts
 * import { AskError, createSystem, type Ref } from "@gristmill/gristmill/actors";
 *
 * const system = createSystem();
 * const mute = system.spawn<Ref<string>>(() => () => {});
 * try {
 *   await mute.ask<string>((replyTo) => replyTo, { timeoutMs: 1 });
 * } catch (error) {
 *   if (!(error instanceof AskError && error.code === "ask-timeout")) throw error;
 * }
 * await system.stop();
 * ```
 */
export class AskError extends Error {
  /** The name of the class. */
  override readonly name = "AskError";
  /** Stable. */
  readonly code: AskErrorCode;
  /** The path of the actor that was asked. */
  readonly path: string;

  /** Made by {@linkcode Ref.ask}. */
  constructor(code: AskErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/** Sends the message and waits; see {@linkcode Ref.ask}. */
export function ask<R, M>(endpoint: Endpoint, build: (replyTo: Ref<R>) => M, options: AskOptions): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    // Whole milliseconds, as timers have them; it also keeps the lists of deadlines few.
    const timeoutMs = Math.ceil(options.timeoutMs);
    if (!(timeoutMs > 0 && timeoutMs < Infinity)) {
      throw new RangeError(`Cannot ask ${endpoint.path}: timeoutMs is ${options.timeoutMs}, want a number above 0`);
    }
    const pending = new PendingAsk(endpoint, resolve as (value: unknown) => void, reject);
    // Before the message is built, for whoever builds it may answer at once.
    endpoint.core.asks.add(pending, timeoutMs);
    let message: M;
    try {
      message = build(pending);
    } catch (error) {
      pending.fail(error);
      return;
    }
    if (!endpoint.tell(message)) pending.refuse();
  });
}

/**
 * One ask under way; at the same time the reference that takes its answer. One object, for speed: it is a link in two
 * lists, that of all asks with its timeout, and that of all asks to its receiver.
 */
export class PendingAsk implements Ref<unknown> {
  /** The list that holds it for its deadline; `undefined` when it is settled. */
  list: DeadlineList | undefined;
  deadline = 0;
  previousInList: PendingAsk | undefined;
  nextInList: PendingAsk | undefined;
  previousOfReceiver: PendingAsk | undefined;
  nextOfReceiver: PendingAsk | undefined;
  readonly receiver: Endpoint;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;

  constructor(receiver: Endpoint, resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.receiver = receiver;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get path(): string {
    return `${this.receiver.path}/reply`;
  }

  // Getters, so that the functions can be taken off like those of any reference, yet cost nothing until then.
  get tell(): (answer: unknown) => boolean {
    return (answer) => this.#answer(answer);
  }

  get ask(): <R>(message: (replyTo: Ref<R>) => unknown, options: AskOptions) => Promise<R> {
    const answer = (message: unknown) => this.#answer(message);
    return (message, options) => ask(this.receiver.core.standIn(this.path, answer), message, options);
  }

  #answer(answer: unknown): boolean {
    if (this.list === undefined) return this.receiver.core.deadLetters.add(this, answer, "late-reply");
    this.receiver.core.asks.remove(this);
    this.#resolve(answer);
    return true;
  }

  /** The receiver did not take the message. */
  refuse(): void {
    if (this.receiver.isClosed) this.die();
    else {this.#fail(
        "ask-refused",
        "it takes no more messages; ask less at once, or raise mailboxMax where it is spawned",
      );}
  }

  /** The receiver has ended. */
  die(): void {
    this.#fail("ask-dead", "it has ended", this.receiver.ended?.cause);
  }

  expire(timeoutMs: number): void {
    this.#fail("ask-timeout", `no answer within ${timeoutMs} ms; raise timeoutMs if it needs longer`);
  }

  #fail(code: AskErrorCode, why: string, cause?: unknown): void {
    const { path } = this.receiver;
    this.fail(new AskError(code, path, `Cannot ask ${path}: ${why}`, cause === undefined ? undefined : { cause }));
  }

  /** Ends it with an error, unless it is settled. */
  fail(error: unknown): void {
    if (this.list === undefined) return;
    this.receiver.core.asks.remove(this);
    this.#reject(error);
  }
}

/** The asks with one timeout. As the clock never goes back, their order of arrival is that of their deadlines. */
interface DeadlineList {
  readonly timeoutMs: number;
  first: PendingAsk | undefined;
  last: PendingAsk | undefined;
}

/** All asks of a system that are under way. One timer serves them all. */
export class Asks {
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher;
  readonly #lists = new Map<number, DeadlineList>();
  #recent: DeadlineList | undefined;
  #size = 0;
  #alarmAt = Infinity;
  #cancelAlarm = () => {};
  #checking = false;

  constructor(clock: Clock, dispatcher: Dispatcher) {
    this.#clock = clock;
    this.#dispatcher = dispatcher;
  }

  add(pending: PendingAsk, timeoutMs: number): void {
    const list = this.#recent?.timeoutMs === timeoutMs ? this.#recent : this.#listOf(timeoutMs);
    pending.list = list;
    pending.deadline = this.#clock.now() + timeoutMs;
    pending.previousInList = list.last;
    if (list.last === undefined) list.first = pending;
    else list.last.nextInList = pending;
    list.last = pending;
    const { receiver } = pending;
    pending.nextOfReceiver = receiver.asks;
    if (receiver.asks !== undefined) receiver.asks.previousOfReceiver = pending;
    receiver.asks = pending;
    this.#size++;
    if (pending.deadline < this.#alarmAt) this.#setAlarm(pending.deadline);
  }

  remove(pending: PendingAsk): void {
    const list = pending.list!;
    pending.list = undefined;
    if (pending.previousInList === undefined) list.first = pending.nextInList;
    else pending.previousInList.nextInList = pending.nextInList;
    if (pending.nextInList === undefined) list.last = pending.previousInList;
    else pending.nextInList.previousInList = pending.previousInList;
    if (pending.previousOfReceiver === undefined) pending.receiver.asks = pending.nextOfReceiver;
    else pending.previousOfReceiver.nextOfReceiver = pending.nextOfReceiver;
    if (pending.nextOfReceiver !== undefined) pending.nextOfReceiver.previousOfReceiver = pending.previousOfReceiver;
    // A late holder of the reference must not keep its former neighbours alive.
    pending.previousInList =
      pending.nextInList =
      pending.previousOfReceiver =
      pending.nextOfReceiver =
        undefined;
    this.#size--;
    if (this.#size === 0 && !this.#checking) this.#checkSoon();
  }

  /** Ends all asks that are left, when their system ends. */
  close(): void {
    for (const list of this.#lists.values()) while (list.first !== undefined) list.first.die();
    this.#clear();
  }

  #listOf(timeoutMs: number): DeadlineList {
    let list = this.#lists.get(timeoutMs);
    if (list === undefined) this.#lists.set(timeoutMs, list = { timeoutMs, first: undefined, last: undefined });
    return this.#recent = list;
  }

  /** Lets the timer go when no ask is left: not at once, for another one often follows, and timers are dear. */
  #checkSoon(): void {
    this.#checking = true;
    this.#dispatcher.defer(() => {
      this.#checking = false;
      if (this.#size === 0) this.#clear();
    });
  }

  #clear(): void {
    this.#cancelAlarm();
    this.#alarmAt = Infinity;
    this.#lists.clear();
    this.#recent = undefined;
  }

  #setAlarm(at: number): void {
    this.#cancelAlarm();
    this.#alarmAt = at;
    this.#cancelAlarm = this.#clock.setTimer(at - this.#clock.now(), () => this.#ring());
  }

  #ring(): void {
    this.#alarmAt = Infinity;
    const now = this.#clock.now();
    let next = Infinity;
    for (const list of this.#lists.values()) {
      while (list.first !== undefined && list.first.deadline <= now) list.first.expire(list.timeoutMs);
      if (list.first !== undefined) next = Math.min(next, list.first.deadline);
      else this.#drop(list);
    }
    if (next < Infinity) this.#setAlarm(next);
  }

  #drop(list: DeadlineList): void {
    this.#lists.delete(list.timeoutMs);
    if (this.#recent === list) this.#recent = undefined;
  }
}
