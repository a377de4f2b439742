/**
 * The job of a simulation, at both levels of the contract.
 *
 * @module
 */
import type { Clock } from "../../actors/types.ts";
import { ChunkList, defineJob, defineJobPair } from "../../job/mod.ts";
import type { Job, ServerContext, TaskContext, TaskNeeds } from "../../job/types.ts";
import { hashed } from "./dice.ts";
import { fateOf, lengthOf, type Scenario, taskTimeoutMs, valueOf } from "./scenario.ts";

/** Who hears what the books of a life of the server do. */
export interface BookEvents {
  /** A task was made. */
  readonly onMade: (task: number) => void;
  readonly onCollect: (task: number, value: number) => void;
  /** These were collected in an earlier life, and the state that was restored has them. */
  readonly onRestore: (tasks: readonly number[]) => void;
}

/** What a worker has around it. */
export interface WorkerPlace {
  readonly clock: Clock;
  /** What is added to every value: 0 on an honest node. */
  readonly lie: number;
  /** Throws where nothing catches. */
  readonly uncaught: (error: unknown) => void;
}

type Computing = Pick<TaskContext, "attempt" | "signal" | "log" | "progress">;

/** Computes a task: time passes, and something comes of it. */
async function compute(scenario: Scenario, place: WorkerPlace, task: number, tools: Computing): Promise<number> {
  const { attempt, signal } = tools;
  const fate = fateOf(scenario, task, attempt);
  if (hashed(scenario.seed, task, 6) < 0.01) tools.log("a line");
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = fate === "hangs" ? () => {} : place.clock.setTimer(lengthOf(scenario, task), resolve);
  signal.addEventListener("abort", () => {
    // User code need not care; then its worker is replaced.
    if (hashed(scenario.seed, task, 7) < 0.1) return;
    cancel();
    resolve();
  }, { once: true });
  await promise;
  if (hashed(scenario.seed, task, 10) < 0.05) tools.progress(1);
  if (fate === "ends its worker") {
    place.uncaught(new Error("nobody catches this"));
    await new Promise(() => {});
  }
  if (fate === "throws") throw new Error("now and then");
  return valueOf(task) + place.lie;
}

/** What a task needs of its node. Nodes have labels `zone: "0"` to `"2"`, and there are some of each. */
function needsOf({ seed }: Scenario, task: number): TaskNeeds {
  const priority = Math.floor(hashed(seed, task, 8) * 3);
  return hashed(seed, task, 9) < 0.3 ? { priority, requires: { zone: String(task % 3) } } : { priority };
}

const limits = { timeoutMs: taskTimeoutMs };
const nowhere: WorkerPlace = { clock: { now: () => 0, setTimer: () => () => {} }, lie: 0, uncaught: () => {} };
const unheard: BookEvents = { onMade: () => {}, onCollect: () => {}, onRestore: () => {} };

/** A job whose books Gristmill keeps. */
function bookedJob(scenario: Scenario, place: WorkerPlace, on: BookEvents): Job {
  const { size, kind, hasSnapshots } = scenario;
  return defineJob({
    name: "simulated",
    limits,
    state: (): number[] => [],
    *tasks() {
      for (let task = 0; task < size.tasks; task++) {
        on.onMade(task);
        yield task;
      }
    },
    ...(kind === "needs" ? { needs: (task: number) => needsOf(scenario, task) } : {}),
    ...(kind === "replicas" ? { replicas: 2 } : {}),
    total: () => size.tasks,
    compute: (task: number, tools) => compute(scenario, place, task, tools),
    collect: (value: number, task, { state }) => {
      if (hasSnapshots) state.push(task);
      on.onCollect(task, value);
    },
    ...(hasSnapshots
      ? {
        snapshot: (state: number[]) => [...state],
        restore: (tasks: number[]) => {
          on.onRestore(tasks);
          return tasks;
        },
      }
      : {}),
  });
}

/** A job that keeps its own books. */
function pinnedJob(scenario: Scenario, place: WorkerPlace, on: BookEvents): Job {
  const server = (_options: unknown, { send }: ServerContext<string>) => {
    let chunks = ChunkList.of(Array.from({ length: scenario.size.tasks }, (_, task) => task));
    return {
      prepareDataForNode: (node: string) => {
        const chunk = chunks.next(node);
        if (chunk) return { status: "unfinished" as const, data: { id: chunk.id, task: chunk.data } };
        return { status: chunks.allFinished ? "finished" as const : "waiting" as const };
      },
      processDataFromNode: (node: string, { id, value }: { id: number; value: number }) => {
        chunks.finish(id, node, ({ data }) => on.onCollect(data, value));
      },
      heartbeatTimeout: (nodes: string[]) => void chunks.heartbeatTimeout(nodes),
      customMessage: (node: string) => void send(node, "and back"),
      ...(scenario.hasSnapshots
        ? {
          snapshot: () => chunks.save(),
          restore: (saved: { chunks: readonly number[]; finished: readonly number[] }) => {
            chunks = ChunkList.restore(saved);
            on.onRestore(saved.finished);
          },
        }
        : {}),
    };
  };
  return defineJobPair({
    name: "simulated",
    limits,
    server,
    node: () => ({
      processDataFromServer: async ({ id, task }: { id: number; task: number }, context: TaskContext<string>) => {
        if (hashed(scenario.seed, task, 5) < 0.05) context.send("there");
        return { id, value: await compute(scenario, place, task, context) };
      },
      customMessage: () => {},
    }),
  });
}

const jobOf = (scenario: Scenario, place: WorkerPlace, on: BookEvents): Job =>
  scenario.kind === "pinned" ? pinnedJob(scenario, place, on) : bookedJob(scenario, place, on);

/** The job as the server has it. */
export const serverJob = (scenario: Scenario, on: BookEvents): Job => jobOf(scenario, nowhere, on);

/** The job as a worker has it. */
export const workerJob = (scenario: Scenario, place: WorkerPlace): Job => jobOf(scenario, place, unheard);
