/**
 * A journal whose file is in memory: what is committed survives the server that wrote it, and nothing else does.
 *
 * @module
 */
import type {
  Journal,
  StoredCall,
  StoredFailure,
  StoredResult,
  StoredSnapshot,
  TaskRange,
} from "../../server/journal/types.ts";
import type { Summary } from "../../job/types.ts";

/** What is on the disk. */
export interface Disk {
  readonly results: Map<number, StoredResult>;
  readonly failures: Map<number, StoredFailure>;
  /** The hashes of the tasks that the snapshot stands for. */
  readonly inSnapshot: Map<number, string>;
  calls: StoredCall[];
  snapshot: StoredSnapshot | undefined;
  outcome: Summary["outcome"] | undefined;
  run: string | undefined;
}

/** Makes an empty disk. */
export const createDisk = (): Disk => ({
  results: new Map(),
  failures: new Map(),
  inSnapshot: new Map(),
  calls: [],
  snapshot: undefined,
  outcome: undefined,
  run: undefined,
});

interface Pending {
  results: StoredResult[];
  failures: StoredFailure[];
  calls: StoredCall[];
  /** Tasks of which the disk is to forget what it has. */
  withdrawn: number[];
}

const nothing = (): Pending => ({ results: [], failures: [], calls: [], withdrawn: [] });

/** Opens the journal on a disk; begins one if there is none. */
export function openMemoryJournal(disk: Disk, run: string): Journal {
  const isResumed = disk.run !== undefined;
  disk.run ??= run;
  if (disk.outcome !== "complete") disk.outcome = undefined;
  let pending = nothing();

  const commit = () => {
    for (const task of pending.withdrawn) for (const kept of [disk.results, disk.failures]) kept.delete(task);
    for (const result of pending.results) {
      // The bytes are a view of what came over the wire, which as a whole need not be kept.
      disk.results.set(result.task, { ...result, payload: result.payload.slice() });
      disk.failures.delete(result.task);
    }
    for (const failure of pending.failures) disk.failures.set(failure.task, failure);
    disk.calls.push(...pending.calls);
    pending = nothing();
  };
  return {
    path: "memory",
    run: disk.run,
    isResumed,
    get collectedCount() {
      return disk.results.size + disk.inSnapshot.size;
    },
    get failedCount() {
      return disk.failures.size;
    },
    get pendingCount() {
      return pending.results.length + pending.failures.length + pending.calls.length;
    },
    get outcome() {
      return disk.outcome;
    },
    withdraw: (task) => {
      pending.results = pending.results.filter((result) => result.task !== task);
      pending.failures = pending.failures.filter((failure) => failure.task !== task);
      pending.withdrawn.push(task);
    },
    append: (result) => void pending.results.push(result),
    appendFailure: (failure) => void pending.failures.push(failure),
    appendCall: (call) => void pending.calls.push(call),
    commit,
    result: (task) => disk.results.get(task),
    failure: (task) => disk.failures.get(task),
    inSnapshot: (task) => disk.inSnapshot.get(task),
    calls: () => [...disk.calls],
    saveSnapshot: (data: Uint8Array, tasks: readonly TaskRange[]) => {
      commit();
      disk.snapshot = { data: data.slice(), tasks };
      disk.calls = [];
      for (const [first, last] of tasks) moveIntoSnapshot(disk, first, last);
    },
    snapshot: () => disk.snapshot,
    finish: (outcome) => {
      commit();
      disk.outcome = outcome;
    },
    close: () => {},
  };
}

function moveIntoSnapshot({ results, inSnapshot }: Disk, first: number, last: number): void {
  for (let task = first; task <= last; task++) {
    const result = results.get(task);
    if (!result) continue;
    inSnapshot.set(task, result.taskHash);
    results.delete(task);
  }
}
