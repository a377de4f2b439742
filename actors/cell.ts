/**
 * What stands behind an actor: its mailbox, its handler, and its way from start to end.
 *
 * @module
 */
import { Children } from "./children.ts";
import { createContext } from "./context.ts";
import type { Core } from "./core.ts";
import type { Runnable } from "./dispatcher.ts";
import { Endpoint } from "./endpoint.ts";
import { Ring } from "./mailbox.ts";
import { Own } from "./own.ts";
import { describeMessage, grantRestart } from "./supervision.ts";
import {
  type Behavior,
  type Handler,
  type SpawnOptions,
  stop,
  type Supervision,
  type TerminationReason,
} from "./types.ts";

/** The default of `SpawnOptions.mailboxMax`. */
const mailboxMax = 4096;
/** The default of `SpawnOptions.stopGraceMs`. */
const stopGraceMs = 5_000;

/** The factory has not returned yet, or not been called. */
const starting = 0;
const running = 1;
/** It has failed and waits for its children, its backoff, or its parent's decision. */
const suspended = 2;
const stopping = 3;
const ended = 4;

/** What travels in the system lane. */
type SystemMessage =
  /** `proceed`: something has ended that an end or a restart may have waited for. */
  | { readonly type: "start" | "stop" | "proceed" }
  | { readonly type: "escalated"; readonly cause: unknown }
  /** Sent by timers that belong to one life. */
  | { readonly type: "backoff-over" | "grace-over"; readonly life: number };

/** An actor from the inside. One class with fields set once, since every message goes through it. */
export class Cell extends Endpoint implements Runnable {
  nextReady: Runnable | undefined;
  /** Counts restarts; what an actor has begun in one life has no effect in the next. */
  life = 0;
  readonly children: Children;
  /** Cancels timers and watches, and aborts the signal, at the end of a life. */
  readonly cleanups = new Set<() => void>();
  readonly #parent: Cell | undefined;
  readonly #mailboxMax: number;
  readonly #supervision: Supervision;
  readonly #stopGraceMs: number;
  readonly #user = new Ring<unknown>();
  #lane: SystemMessage[] = [];
  #behavior: Behavior<unknown>;
  #handler: Handler<unknown> = () => {};
  #state = starting;
  /** In the run queue, or having a turn. */
  #queued = false;
  /** What the handler has returned and the user lane waits for. */
  #pending: Promise<unknown> | undefined;
  #cancelGrace = () => {};
  #backoffPending = false;
  #restartCause: unknown;
  /** How many messages in the mailbox are wrapped; mostly none, which saves a look at each one. */
  #ownWaiting = 0;
  #restarts: number[] = [];
  #outcome: { readonly reason: TerminationReason; readonly cause?: unknown } | undefined;
  /** Called at the end. */
  #goneListeners: (() => void)[] = [];

  constructor(core: Core, parent: Cell | undefined, path: string, behavior: Behavior<unknown>, options: SpawnOptions) {
    super(core, path);
    this.#parent = parent;
    this.#behavior = behavior;
    this.#mailboxMax = options.mailboxMax ?? mailboxMax;
    this.#supervision = options.supervision ?? "stop";
    this.#stopGraceMs = options.stopGraceMs ?? stopGraceMs;
    this.children = new Children(this);
    this.#post({ type: "start" });
  }

  get isClosed(): boolean {
    return this.#state >= stopping;
  }

  isChildOf(parent: Cell): boolean {
    return this.#parent === parent;
  }

  tell(message: unknown): boolean {
    if (this.#state >= stopping) return this.core.deadLetters.add(this.ref, message, "ended");
    if (this.#user.size >= this.#mailboxMax) return this.core.deadLetters.add(this.ref, message, "mailbox-full");
    this.#user.push(message);
    if (!this.#queued) this.#schedule();
    return true;
  }

  /**
   * Puts an own message behind what is in the mailbox. The bound does not count for it: nothing else can bring it
   * again, and an actor has only as many under way as it has begun itself.
   */
  tellOwn(own: Own): void {
    if (own.life !== this.life || own.waiting || this.#state >= stopping) return;
    own.waiting = true;
    this.#ownWaiting++;
    this.#user.push(own);
    if (!this.#queued) this.#schedule();
  }

  /** Stops the actor, after its children. @returns A promise that resolves when it is gone */
  stop(): Promise<void> {
    if (this.#state === ended) return Promise.resolve();
    this.#post({ type: "stop" });
    return new Promise((resolve) => this.#goneListeners.push(resolve));
  }

  /** As `stop`, for the parent, which learns of the end by `childEnded`. */
  stopAsChild(): void {
    this.#post({ type: "stop" });
  }

  childEnded(): void {
    if (this.#state >= suspended) this.#post({ type: "proceed" });
  }

  run(budget: number): number {
    if (this.#lane.length !== 0) this.#runLane();
    const user = this.#user;
    const isObserved = this.core.observer.onMessage !== undefined;
    let done = 0;
    while (
      user.size !== 0 && done < budget && this.#state === running && this.#pending === undefined &&
      this.#lane.length === 0
    ) {
      done++;
      const message = user.shift();
      if (isObserved || this.#ownWaiting !== 0) this.#handleSpecial(message);
      else this.#handle(message);
    }
    if (user.size === 0) user.release();
    this.#queued = false;
    this.#schedule();
    return done || 1;
  }

  /** Joins the run queue if there is something to do. */
  #schedule(): void {
    if (this.#lane.length === 0) {
      if (this.#user.size === 0 || this.#state !== running || this.#pending !== undefined) return;
    }
    this.#queued = true;
    this.core.dispatcher.ready(this);
  }

  #post(message: SystemMessage): void {
    if (this.#state === ended) return;
    this.#lane.push(message);
    if (!this.#queued) this.#schedule();
  }

  #runLane(): void {
    // What is posted meanwhile waits for the next turn, lest an actor that restarts without end starve all others.
    const lane = this.#lane;
    this.#lane = [];
    for (const message of lane) this.#handleSystem(message);
  }

  #handleSystem(message: SystemMessage): void {
    switch (message.type) {
      case "start":
        if (this.#state === starting) this.#start();
        return;
      case "stop":
        return this.#beginStop("stopped");
      case "proceed":
        return this.#proceed();
      case "escalated":
        // At the top nobody decides: there only the child ends, which it does by itself.
        if (this.#parent !== undefined) this.#fail(message.cause);
        return;
      case "backoff-over":
        if (message.life !== this.life) return;
        this.#backoffPending = false;
        return this.#proceed();
      case "grace-over":
        if (message.life === this.life) this.#abandonPending();
        return;
    }
  }

  #start(): void {
    try {
      const handler = this.#behavior(createContext(this));
      if (typeof handler !== "function") {
        throw new TypeError(
          `Cannot start ${this.path}: its behavior returned ${typeof handler}, want a handler function`,
        );
      }
      this.#handler = handler;
      this.#state = running;
    } catch (cause) {
      this.#fail(cause, "(start)");
    }
  }

  #handle(message: unknown): void {
    let next: unknown;
    try {
      next = this.#handler(message);
    } catch (cause) {
      return this.#fail(cause, describeMessage(message));
    }
    if (next !== undefined) this.#follow(next, message);
  }

  /** Handles a message that may be wrapped, or that somebody wants to hear of. */
  #handleSpecial(message: unknown): void {
    if (message instanceof Own) {
      this.#ownWaiting--;
      message.waiting = false;
      if (message.cancelled || message.life !== this.life) return;
      try {
        message = message.open();
      } catch (cause) {
        return this.#fail(cause, "(own message)");
      }
    }
    const { clock, observer: { onMessage } } = this.core;
    if (onMessage === undefined) return this.#handle(message);
    const begun = clock.now();
    this.#handle(message);
    const report = () => onMessage(this.ref, message, clock.now() - begun);
    if (this.#pending === undefined) report();
    else this.#pending.then(report, report);
  }

  /** Does what the handler says about the next message. Anything else that it returned says nothing. */
  #follow(next: unknown, message: unknown): void {
    if (typeof next === "function") this.#handler = next as Handler<unknown>;
    else if (next === stop) this.#beginStop("stopped");
    else if (isPromise(next)) this.#await(Promise.resolve(next), message);
  }

  #await(promise: Promise<unknown>, message: unknown): void {
    this.#pending = promise;
    promise.then((next) => {
      if (this.#pending !== promise) return;
      this.#pending = undefined;
      if (this.#state === running) this.#follow(next, message);
      this.#afterPending();
    }, (cause) => {
      if (this.#pending !== promise) return;
      this.#pending = undefined;
      if (this.#state === running) this.#fail(cause, describeMessage(message));
      else if (!isAbort(cause)) this.#logFailure(cause, describeMessage(message), "stop");
      this.#afterPending();
    });
  }

  #afterPending(): void {
    if (this.#state >= suspended) {
      this.#cancelGrace();
      this.#post({ type: "proceed" });
    } else if (!this.#queued) this.#schedule();
  }

  /** @param during The kind of the message that was handled; without it a child's failure escalated, which is logged */
  #fail(cause: unknown, during?: string): void {
    if (this.#state >= suspended) return;
    const { clock, random } = this.core;
    const policy = this.#supervision;
    const waitMs = typeof policy === "object" ? grantRestart(policy, this.#restarts, clock.now(), random) : undefined;
    if (during !== undefined) this.#logFailure(cause, during, describeVerdict(policy, waitMs));
    if (waitMs === undefined) {
      this.#beginStop("failed", cause);
      if (policy === "escalate") this.#parent!.#post({ type: "escalated", cause });
      return;
    }
    this.#state = suspended;
    this.#restartCause = cause;
    this.#endLife();
    if (waitMs > 0) this.#backOff(waitMs);
    this.#post({ type: "proceed" });
  }

  #logFailure(cause: unknown, message: string, then: string): void {
    this.core.logger.error("actor failed", { actor: this.path, message, then, cause });
  }

  #backOff(waitMs: number): void {
    const { life } = this;
    this.#backoffPending = true;
    this.cleanups.add(this.core.clock.setTimer(waitMs, () => this.#post({ type: "backoff-over", life })));
  }

  #beginStop(reason: TerminationReason, cause?: unknown): void {
    if (this.#state >= stopping) return;
    this.#state = stopping;
    this.#outcome = { reason, cause };
    this.#endLife();
    this.#post({ type: "proceed" });
  }

  /** Ends all that this life has begun. */
  #endLife(): void {
    const life = ++this.life;
    for (const cleanup of this.cleanups) cleanup();
    this.cleanups.clear();
    this.children.stopAll();
    this.#cancelGrace();
    if (this.#pending === undefined) return;
    this.#cancelGrace = this.core.clock.setTimer(this.#stopGraceMs, () => this.#post({ type: "grace-over", life }));
  }

  #abandonPending(): void {
    if (this.#pending === undefined) return;
    this.#pending = undefined;
    const limit = `stopGraceMs ${this.#stopGraceMs}`;
    this.core.logger.warn("actor is stopped in the middle of a message, whose promise did not settle in time", {
      actor: this.path,
      limit,
    });
    this.#proceed();
  }

  /** Ends or restarts, if nothing is left to wait for. */
  #proceed(): void {
    if (this.children.size !== 0 || this.#pending !== undefined) return;
    if (this.#state === stopping) this.#finish();
    else if (this.#state === suspended && !this.#backoffPending) {
      this.#state = starting;
      this.core.observer.onRestart?.(this.ref, this.#restartCause);
      this.#restartCause = undefined;
      this.#start();
    }
  }

  #finish(): void {
    const { reason, cause } = this.#outcome!;
    this.#state = ended;
    while (this.#user.size !== 0) {
      const message = this.#user.shift();
      if (!(message instanceof Own)) this.core.deadLetters.add(this.ref, message, "ended");
    }
    this.#user.release();
    this.#behavior = () => () => {};
    this.#handler = () => {};
    this.conclude(reason, cause);
    if (this.#parent !== undefined) {
      this.core.observer.onStop?.(this.ref, reason);
      this.#parent.children.remove(this);
      this.#parent.childEnded();
    }
    for (const listener of this.#goneListeners) listener();
    this.#goneListeners = [];
  }
}

function describeVerdict(policy: Supervision, waitMs: number | undefined): string {
  if (typeof policy === "string") return policy;
  if (waitMs !== undefined) return `restart in ${Math.ceil(waitMs)} ms`;
  return `stop, for ${policy.max} restarts within ${policy.withinMs} ms are spent`;
}

/** An actor that stops aborts what it has begun; that this then fails is no news. */
function isAbort(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "AbortError";
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
