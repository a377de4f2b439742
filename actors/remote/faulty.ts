/**
 * A transport whose network misbehaves, as real ones do: for simulations, by a virtual clock and from a seed.
 *
 * @module
 */
import type { Clock, Random } from "../types.ts";
import { TransportError } from "./errors.ts";
import { createFaultyLink, type FaultyLink } from "./faulty_link.ts";
import { type Address, type ConnectOptions, formatAddress, type Link, type Transport } from "./transport.ts";

/** What may go wrong. Rates are probabilities between 0 and 1. */
export interface Faults {
  /**
   * How long bytes are under way, in milliseconds, each write by itself. The order within a link is kept; across links
   * it is not. @default { min: 0, max: 0 }
   */
  readonly latencyMs: { readonly min: number; readonly max: number };
  /** How often a connect is refused. @default 0 */
  readonly refuseRate: number;
  /** How often a write breaks the link: both ends lose it, and what was under way is lost. @default 0 */
  readonly dropRate: number;
  /** How often only a part of a write arrives before the link breaks. @default 0 */
  readonly truncateRate: number;
  /** How often a write makes the link half-open: from then on bytes vanish both ways, and no end is told. @default 0 */
  readonly halfOpenRate: number;
}

/** Options of {@linkcode faultyTransport}. */
export interface FaultyOptions extends Partial<Faults> {
  readonly clock: Clock;
  readonly random: Random;
}

/** Chooses links by whom they are connected to. */
export type Matches = (address: string) => boolean;

/** A transport with a saboteur. */
export interface FaultyTransport extends Transport {
  /** Changes what may go wrong from now on. */
  readonly setFaults: (faults: Partial<Faults>) => void;
  /**
   * Holds back all that goes to or comes from the addresses, and connects to them, until the partition is healed; then
   * it arrives, for that is how TCP copes. @returns A function that heals it
   */
  readonly partition: (matches?: Matches) => () => void;
  /** Breaks links. @returns how many */
  readonly drop: (matches?: Matches) => number;
  /** Makes links half-open. @returns how many */
  readonly halfOpen: (matches?: Matches) => number;
}

const noFaults: Faults = {
  latencyMs: { min: 0, max: 0 },
  refuseRate: 0,
  dropRate: 0,
  truncateRate: 0,
  halfOpenRate: 0,
};

/**
 * Puts faults on the links that are dialed through it, in both directions; links that its listeners accept are left as
 * they are, so that no link is sabotaged twice. Everything follows from the clock and the randomness it is given.
 *
 * @throws {RangeError} If a rate or a latency is out of its bounds.
 *
 * @example
 * ```ts
 * import { createTestSystem } from "../mod.ts";
 * import { faultyTransport } from "./faulty.ts";
 * import { memoryTransport } from "./memory.ts";
 *
 * const { clock, random } = createTestSystem({ seed: 7 });
 * const network = memoryTransport({ clock });
 * const node = faultyTransport(network, { clock, random, latencyMs: { min: 1, max: 50 }, dropRate: 0.01 });
 * const heal = node.partition();
 * heal();
 * ```
 */
export function faultyTransport(inner: Transport, options: FaultyOptions): FaultyTransport {
  const { clock, random, ...initial } = options;
  let faults = { ...noFaults, ...initial };
  checkFaults(faults);
  const links = new Set<FaultyLink>();
  const partitions = new Set<Matches>();
  let waiting: (() => void)[] = [];

  const isCut = (address: string) => [...partitions].some((matches) => matches(address));
  const delayMs = () => faults.latencyMs.min + random.next() * (faults.latencyMs.max - faults.latencyMs.min);
  const each = (matches: Matches, act: (link: FaultyLink) => void): number => {
    const chosen = [...links].filter((link) => matches(link.link.remoteAddress));
    for (const link of chosen) act(link);
    return chosen.length;
  };
  const updatePauses = () => {
    for (const link of links) {
      if (isCut(link.link.remoteAddress)) link.pause();
      else link.resume();
    }
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const connect = async (address: Address, connectOptions: ConnectOptions): Promise<Link> => {
    const where = formatAddress(address);
    await pass(clock, delayMs());
    while (isCut(where)) await new Promise<void>((resolve) => waiting.push(resolve));
    if (happens(random, faults.refuseRate)) {
      throw new TransportError("connect-refused", `cannot connect to ${where}: nobody listens there`);
    }
    const link = createFaultyLink(await inner.connect(address, connectOptions), {
      clock,
      delayMs,
      fate: (bytes) => drawFate(random, faults, bytes),
      onEnd: () => links.delete(link),
    });
    links.add(link);
    if (isCut(link.link.remoteAddress)) link.pause();
    return link.link;
  };
  return {
    listen: inner.listen,
    connect: (address, connectOptions = {}) =>
      withinTime(connect(address, connectOptions), clock, formatAddress(address), connectOptions),
    setFaults: (changes) => {
      checkFaults({ ...faults, ...changes });
      faults = { ...faults, ...changes };
    },
    partition: (matches = () => true) => {
      // A function of its own, so that one partition can be made twice and healed twice.
      const own: Matches = (address) => matches(address);
      partitions.add(own);
      updatePauses();
      return () => {
        partitions.delete(own);
        updatePauses();
      };
    },
    drop: (matches = () => true) => each(matches, (link) => link.breakOff()),
    halfOpen: (matches = () => true) => each(matches, (link) => link.vanish()),
  };
}

/** What becomes of one write. */
export type Fate = "arrive" | "drop" | "half-open" | { readonly truncateTo: number };

function drawFate(random: Random, faults: Faults, bytes: number): Fate {
  if (happens(random, faults.dropRate)) return "drop";
  if (happens(random, faults.halfOpenRate)) return "half-open";
  if (happens(random, faults.truncateRate)) return { truncateTo: Math.floor(random.next() * bytes) };
  return "arrive";
}

/** Draws nothing for what cannot happen, so that a fault that is switched off does not shift the others. */
function happens(random: Random, rate: number): boolean {
  return rate > 0 && random.next() < rate;
}

function pass(clock: Clock, ms: number): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve) => void clock.setTimer(ms, resolve));
}

/** Gives up on a connect after its time, or when its signal says so; a link that comes later is closed. */
function withinTime(
  connecting: Promise<Link>,
  clock: Clock,
  where: string,
  { timeoutMs, signal }: ConnectOptions,
): Promise<Link> {
  return new Promise((resolve, reject) => {
    let given = false;
    const giveUp = (code: "connect-timeout" | "connect-aborted", message: string) => {
      given = true;
      settle();
      reject(new TransportError(code, message));
    };
    const abort = () => giveUp("connect-aborted", `did not connect to ${where}: aborted`);
    const cancel = timeoutMs === undefined ? undefined : clock.setTimer(timeoutMs, () => {
      giveUp("connect-timeout", `cannot connect to ${where}: no answer within ${timeoutMs} ms`);
    });
    const settle = () => {
      cancel?.();
      signal?.removeEventListener("abort", abort);
    };
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
    connecting.then((link) => {
      if (given) return link.close();
      settle();
      resolve(link);
    }, (error) => {
      settle();
      reject(error);
    });
  });
}

function checkFaults(faults: Faults): void {
  for (const name of ["refuseRate", "dropRate", "truncateRate", "halfOpenRate"] as const) {
    const rate = faults[name];
    if (!(rate >= 0 && rate <= 1)) throw new RangeError(`${name} is ${rate}: it must be between 0 and 1`);
  }
  const { min, max } = faults.latencyMs;
  if (!(min >= 0 && max >= min && max < Infinity)) {
    throw new RangeError(`latencyMs is from ${min} to ${max}: it must be from 0 or more to as much or more`);
  }
}
