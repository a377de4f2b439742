/**
 * What kind of cluster a seed stands for: its job, its budgets, its network and its disk.
 *
 * @module
 */
import type { Faults } from "../../actors/remote/faulty.ts";
import { createDice, hashed } from "./dice.ts";

/** How much there is of everything. */
export interface Size {
  readonly nodes: number;
  readonly tasks: number;
}

/** Drawn once from the seed. */
export interface Scenario {
  readonly seed: number;
  readonly size: Size;
  /**
   * `plain`: tasks that Gristmill keeps the books of. `needs`: these with priorities and labels. `replicas`: two
   * results of each must agree, and some nodes lie. `pinned`: the job keeps its own books.
   */
  readonly kind: "plain" | "needs" | "replicas" | "pinned";
  /** Whether the job offers snapshots of its state. */
  readonly hasSnapshots: boolean;
  /** Whether the journal is a file of SQLite; else it is in memory. */
  readonly isOnFile: boolean;
  readonly maxAttempts: number;
  readonly maxNodeLosses: number;
  /** What a task that fails for good does. */
  readonly onFailure: "stop" | "skip";
  readonly faults: Partial<Faults>;
  /** How many slots each node has at most. */
  readonly slotsMax: number;
  /** The length of the shortest tasks, in milliseconds; they are heavy-tailed. */
  readonly shortestMs: number;
  /** For how long things go wrong, and how much time passes between two of them at most, in milliseconds. */
  readonly troubleMs: number;
  readonly calmMsMax: number;
}

/** How often each node gives a sign of life, in milliseconds. */
export const heartbeatMs = 1_000;
/** No attempt may compute for longer, in milliseconds. */
export const taskTimeoutMs = 9_000;
/** No task computes for longer, unless it hangs, in milliseconds. */
const lengthMsMax = 5_000;
/** The mean of the lengths is so many times the shortest one. */
const meanFactor = 5;
/** The exponent of the distribution of Pareto by which lengths are drawn. */
const tail = 0.9;

/** Draws what a seed stands for. */
export function drawScenario(seed: number, size: Size): Scenario {
  const dice = createDice(seed, "scenario");
  const kind = dice.pick(["plain", "plain", "plain", "needs", "replicas", "pinned"] as const);
  const isStrict = kind !== "pinned" && dice.chance(0.4);
  const rate = dice.pick([0, 0.001, 0.005]);
  const slotsMax = dice.whole(1, 3);
  const runMs = dice.between(4_000, 12_000);
  const slots = size.nodes * (1 + slotsMax) / 2;
  const copies = kind === "replicas" ? 2 : 1;
  return {
    seed,
    size,
    kind,
    slotsMax,
    hasSnapshots: kind !== "replicas" && dice.chance(0.25),
    isOnFile: dice.chance(0.02),
    maxAttempts: isStrict ? 3 : 1_000,
    maxNodeLosses: isStrict ? 2 : 1_000_000,
    onFailure: isStrict ? "skip" : "stop",
    faults: {
      latencyMs: { min: 0, max: dice.pick([1, 10, 40, 200]) },
      dropRate: rate,
      truncateRate: rate,
      halfOpenRate: rate / 4,
    },
    shortestMs: Math.min(1_000, runMs * slots / (size.tasks * copies * meanFactor)),
    troubleMs: 15_000,
    calmMsMax: dice.pick([500, 1_000, 2_500]),
  };
}

/** How long a task computes, in milliseconds. */
export function lengthOf({ seed, shortestMs }: Scenario, task: number): number {
  return Math.min(lengthMsMax, shortestMs / (1 - hashed(seed, task, 1)) ** tail);
}

/** What an attempt comes to. */
export type Fate = "result" | "throws" | "ends its worker" | "hangs";

/** Draws what an attempt comes to; some tasks fail at every attempt, where that is borne. */
export function fateOf({ seed, onFailure }: Scenario, task: number, attempt: number): Fate {
  if (onFailure === "skip" && hashed(seed, task, 3) < 0.005) return "throws";
  const drawn = hashed(seed, task, attempt, 2);
  if (drawn < 0.02) return "throws";
  if (drawn < 0.023) return "ends its worker";
  return drawn < 0.025 && attempt === 1 ? "hangs" : "result";
}

/** The value that a task should have. */
export const valueOf = (task: number): number => task * 3 + 1;

/** Whether a node returns wrong values. */
export const isLiar = ({ seed, kind }: Scenario, node: number): boolean =>
  kind === "replicas" && hashed(seed, node, 4) < 0.1;
