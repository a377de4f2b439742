/**
 * A tree of actors.
 *
 * @module
 */
import { Asks } from "./ask.ts";
import { Cell } from "./cell.ts";
import { createRandom, systemClock } from "./clock.ts";
import type { Core } from "./core.ts";
import { DeadLetters } from "./dead_letters.ts";
import { type Dispatcher, LoopDispatcher } from "./dispatcher.ts";
import { createLogger } from "./log.ts";
import { StandIn } from "./stand_in.ts";
import type { Logger, Observer, Ref, System, SystemOptions, TerminationReason } from "./types.ts";

const cores = new WeakMap<System, { readonly core: Core; readonly name: string }>();

/**
 * Makes a system of actors.
 *
 * @example
 * ```ts
 * import { createSystem } from "@gristmill/gristmill/actors";
 *
 * const system = createSystem({ name: "demo" });
 * const doubler = system.spawn<{ value: number; replyTo: { tell: (value: number) => boolean } }>(() => (message) => {
 *   message.replyTo.tell(message.value * 2);
 * });
 * const answer = await doubler.ask<number>((replyTo) => ({ value: 21, replyTo }), { timeoutMs: 1_000 });
 * if (answer !== 42) throw new Error(`got ${answer}`);
 * await system.stop();
 * ```
 */
export function createSystem(options: SystemOptions = {}): System {
  return createSystemOn(new LoopDispatcher(), options);
}

/** Makes a system whose actors are run by `dispatcher`. */
export function createSystemOn(dispatcher: Dispatcher, options: SystemOptions): System {
  const { name = "system", clock = systemClock, random = createRandom(), observer = {} } = options;
  let logger = options.logger;
  const lazyLogger = () => logger ??= createLogger({ level: "error" });
  const core: Core = {
    clock,
    random,
    observer: guarded(observer, lazyLogger),
    dispatcher,
    deadLetters: new DeadLetters(clock, lazyLogger),
    asks: new Asks(clock, dispatcher),
    standIn: (path, tell) => new StandIn(core, path, tell),
    get logger() {
      return lazyLogger();
    },
  };
  const root = new Cell(core, undefined, name, () => () => {}, {});
  root.watch(() => {
    core.asks.close();
    dispatcher.close();
  });
  const system: System = {
    spawn: (behavior, options) => root.children.spawn(behavior, options),
    stop: (ref) => {
      if (ref !== undefined) return root.children.stop(ref);
      core.deadLetters.silent = true;
      return root.stop();
    },
    onDeadLetter: (listener) => core.deadLetters.listen(listener),
    deadLetters: core.deadLetters.counts,
  };
  cores.set(system, { core, name });
  return system;
}

/** Options of {@linkcode createRemoteRef}. */
export interface RemoteRefOptions<M> {
  /** The name within the system, for logs. */
  readonly name: string;
  /** Passes a message on. @returns `false` if it was not taken */
  readonly tell: (message: M) => boolean;
}

/** What {@linkcode createRemoteRef} returns. */
export interface RemoteRef<M> {
  /** The reference. */
  readonly ref: Ref<M>;
  /** Marks the end, once, for example `unreachable` when the connection is lost. Watchers and askers are told. */
  readonly end: (reason: TerminationReason, cause?: unknown) => void;
}

/**
 * Makes a reference to an actor that lives elsewhere, for whoever carries messages between systems. It can be told,
 * asked and watched like any other; a message after its end goes to the dead letters.
 *
 * @example
 * ```ts
 * import { createRemoteRef, createSystem } from "@gristmill/gristmill/actors";
 *
 * const system = createSystem();
 * const sent: string[] = [];
 * const { ref, end } = createRemoteRef<string>(system, { name: "far", tell: (message) => sent.push(message) > 0 });
 * ref.tell("hello");
 * end("unreachable");
 * if (ref.tell("too late")) throw new Error("it has ended");
 * await system.stop();
 * ```
 */
export function createRemoteRef<M>(system: System, options: RemoteRefOptions<M>): RemoteRef<M> {
  const entry = cores.get(system);
  if (entry === undefined) {
    throw new TypeError("Cannot make a remote reference: the system was not made by createSystem");
  }
  const { core, name } = entry;
  const standIn: StandIn = new StandIn(core, `${name}/${options.name}`, (message) => {
    if (options.tell(message as M)) return true;
    return core.deadLetters.add(standIn.ref, message, "mailbox-full");
  });
  return { ref: standIn.ref, end: (reason, cause) => standIn.end(reason, cause) };
}

/** What an observer throws is logged and goes no further. An absent member stays absent. */
function guarded(observer: Observer, logger: () => Logger): Observer {
  const guard = <A extends unknown[]>(member: ((...values: A) => void) | undefined) =>
    member && ((...values: A) => {
      try {
        member(...values);
      } catch (cause) {
        logger().error("an observer threw", { cause });
      }
    });
  return {
    onSpawn: guard(observer.onSpawn?.bind(observer)),
    onStop: guard(observer.onStop?.bind(observer)),
    onMessage: guard(observer.onMessage?.bind(observer)),
    onRestart: guard(observer.onRestart?.bind(observer)),
  };
}
