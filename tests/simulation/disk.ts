/**
 * A disk that fails: a journal whose commits are slow, find no room, or are the last thing that their server does.
 *
 * @module
 */
import { JournalError } from "../../server/journal/errors.ts";
import type { Journal, StoredFailure, StoredResult } from "../../server/journal/types.ts";
import type { Machine } from "./machine.ts";

/** What the disk does, which faults change as they come and go. */
export interface DiskState {
  isFull: boolean;
  /** How long each commit takes, in milliseconds. */
  commitMs: number;
  /** The machine dies in its next commit: when nothing of it is on the disk yet, or when all of it is. */
  dies: "no" | "before" | "after";
}

/** Who hears what is written. */
export interface JournalEvents {
  readonly onAppend: (result: StoredResult) => void;
  readonly onFailure: (failure: StoredFailure) => void;
  /** These are on the disk. */
  readonly onCommit: (tasks: readonly number[]) => void;
}

/** A journal on such a disk, in a server on such a machine. */
export function faultyJournal(journal: Journal, machine: Machine, disk: DiskState, events: JournalEvents): Journal {
  let pending: number[] = [];
  const write = (inner: () => void): void => {
    if (machine.isDead() || disk.isFull) throw noRoom();
    if (disk.dies === "before") {
      machine.kill();
      throw noRoom();
    }
    inner();
    const tasks = pending;
    pending = [];
    events.onCommit(tasks);
    if (disk.dies === "after") machine.kill();
    else if (disk.commitMs > 0) machine.freeze(disk.commitMs);
  };
  return Object.create(journal, {
    append: {
      value: (result: StoredResult) => {
        if (machine.isDead()) return;
        pending.push(result.task);
        events.onAppend(result);
        journal.append(result);
      },
    },
    appendFailure: {
      value: (failure: StoredFailure) => {
        if (machine.isDead()) return;
        pending.push(failure.task);
        events.onFailure(failure);
        journal.appendFailure(failure);
      },
    },
    commit: { value: () => write(() => journal.commit()) },
    saveSnapshot: {
      value: (...args: Parameters<Journal["saveSnapshot"]>) => write(() => journal.saveSnapshot(...args)),
    },
    finish: { value: (...args: Parameters<Journal["finish"]>) => write(() => journal.finish(...args)) },
  }) as Journal;
}

const noRoom = (): JournalError => new JournalError("journal-full", "simulated", "Cannot write the journal: no room");
