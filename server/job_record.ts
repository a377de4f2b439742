/**
 * What the Job writes into the journal, and what it finds there when it is resumed.
 *
 * Jobs whose books Gristmill keeps need only results: the tasks are made again in the same order, and those with a
 * result are collected at once. Jobs that keep their own books are brought back by the same calls in the same order.
 * Either may offer a snapshot of its state, which stands for all that came before it.
 *
 * @module
 */
import type { Clock, Logger } from "../actors/types.ts";
import { decodePayload, encodePayload } from "../actors/remote/payload.ts";
import type { NodeId } from "../actors/remote/protocol.ts";
import type { FailedTask, JobBook } from "../job/types.ts";
import { createCallOrder } from "./call_order.ts";
import { createIntervals } from "./intervals.ts";
import { JournalError } from "./journal/errors.ts";
import { taskHash } from "./journal/task_hash.ts";
import type { Journal, StoredCall, StoredFailure } from "./journal/types.ts";
import type { Peers } from "./peers.ts";
import { readPayload } from "./read_payload.ts";

/** A snapshot is taken at the earliest so long after the one before it, in milliseconds. */
const snapshotEveryMs = 30_000;

/** What a record needs. */
export interface JobRecordOptions {
  readonly peers: Peers;
  /** For people: what the job itself writes. */
  readonly log: Logger;
  /** Absent where the job is not journaled. */
  readonly journal: Journal | undefined;
  /** Whether the job keeps its own books. */
  readonly isPinned: boolean;
}

/** What is known of a task that was just made. */
export type KnownTask =
  /** Nothing: it is to be computed. */
  | { readonly is: "new"; readonly hash: string | undefined }
  /** Its result, and the name of the node that it is from. */
  | { readonly is: "stored"; readonly node: NodeId; readonly value: unknown }
  /** It has failed for good. */
  | { readonly is: "failed"; readonly failure: FailedTask }
  /** The state that was restored has it. */
  | { readonly is: "restored" };

/** The record of one run; see {@linkcode createJobRecord}. */
export interface JobRecord {
  /**
   * Brings the books to where an earlier life of the server left them. Fills in the tasks that are out.
   *
   * @returns the number of the next task
   */
  readonly resume: (books: JobBook, tasks: Map<number, unknown>) => Promise<number>;
  /** @throws {JournalError} code `journal-tasks-differ`, if the task is not the one that was stored. */
  readonly known: (task: number, payload: Uint8Array) => KnownTask;
  /** A call of books that the job keeps itself. */
  readonly call: (call: StoredCall) => void;
  /** Such a call was made, and what comes of it is still to be waited for; it is said once, if there is a call. */
  readonly place: () => (call?: StoredCall) => void;
  /** The result that is stored of a task cannot be read: it is as if there were none. */
  readonly withdraw: (task: number) => void;
  /** A task was collected; now and then that is the time for a snapshot. */
  readonly collected: (task: number, books: JobBook) => void;
}

/** A record that remembers nothing. */
const noRecord: JobRecord = {
  resume: () => Promise.resolve(0),
  known: () => ({ is: "new", hash: undefined }),
  call: () => {},
  place: () => () => {},
  withdraw: () => {},
  collected: () => {},
};

/** Makes the record of a run. */
export function createJobRecord({ peers, journal, isPinned }: JobRecordOptions, clock: Clock): JobRecord {
  if (!journal) return noRecord;
  const snapshot = journal.snapshot();
  const done = createIntervals(snapshot?.tasks ?? []);
  let snapshotMs = clock.now();
  const out: Out = { nextTask: 0, holders: new Map(), nodes: new Set() };
  const order = createCallOrder<StoredCall>((one) => {
    follow(out, one);
    peers.deliver("journal", { type: "call", call: one });
  });
  const call = isPinned ? order.add : noRecord.call;
  const place = isPinned ? order.place : noRecord.place;
  const withdraw = (task: number) => peers.deliver("journal", { type: "withdraw", task });
  const collected = (task: number, books: JobBook) => {
    done.add(task);
    // A snapshot stands for the calls that are written, and for no others.
    if (!books.snapshot || clock.now() - snapshotMs < snapshotEveryMs || !order.isEmpty()) return;
    snapshotMs = clock.now();
    const state = books.snapshot();
    const data = encodePayload(isPinned ? { state, nextTask: out.nextTask } : state, "snapshot");
    peers.deliver("journal", { type: "snapshot", data, tasks: done.ranges() });
  };
  return {
    call,
    place,
    collected,
    withdraw,
    resume: async (books, tasks) => {
      if (!journal.isResumed) return 0;
      const saved = snapshot && decodePayload(snapshot.data);
      if (!isPinned) {
        if (snapshot) await books.restore?.(saved);
        return 0;
      }
      if (snapshot) {
        // To the books that are restored all nodes are gone, and with them what was out then.
        const before = saved as { readonly state: unknown; readonly nextTask: number };
        out.nextTask = before.nextTask;
        await books.restore?.(before.state);
      }
      await replay(journal, books, out, tasks, { call, collected });
      return out.nextTask;
    },
    known: (task, payload) => {
      const hash = taskHash(payload);
      if (isPinned) return { is: "new", hash };
      const inSnapshot = journal.inSnapshot(task);
      const stored = inSnapshot === undefined ? journal.result(task) ?? journal.failure(task) : undefined;
      if (inSnapshot === undefined && !stored) return { is: "new", hash };
      checkHash(task, hash, inSnapshot ?? stored!.taskHash, journal.path);
      if (!stored) return { is: "restored" };
      if (!("payload" in stored)) return { is: "failed", failure: toFailedTask(stored) };
      const read = readPayload(stored.payload);
      if (read.isReadable) return { is: "stored", node: stored.node, value: read.value };
      withdraw(task);
      return { is: "new", hash };
    },
  };
}

function toFailedTask({ task, attempts, outcome, message: reason, evidence }: StoredFailure): FailedTask {
  return { task, attempts, outcome, reason, evidence: JSON.parse(evidence) };
}

function checkHash(task: number, hash: string, storedHash: string, path: string): void {
  if (hash === storedHash) return;
  throw new JournalError(
    "journal-tasks-differ",
    path,
    `Cannot resume from ${path}: task ${task} is no longer the one whose result is stored; the job must make the ` +
      "same tasks in the same order, or begin anew with --journal OTHER",
  );
}

/** What a job that keeps its own books has given out. */
interface Out {
  nextTask: number;
  /** Which node has which task. */
  readonly holders: Map<number, NodeId>;
  /** The nodes that have joined and are not lost. */
  readonly nodes: Set<NodeId>;
}

/** Keeps up with a call. */
function follow(out: Out, { kind, node, task = -1 }: StoredCall): void {
  if (kind === "joined") out.nodes.add(node);
  else if (kind === "next") {
    out.nextTask = Math.max(out.nextTask, task + 1);
    out.holders.set(task, node);
    // A node that was lost and is back is not said to have joined again.
    out.nodes.add(node);
  } else if (kind === "collect" || kind === "dropped") out.holders.delete(task);
  else if (kind === "lost") {
    out.nodes.delete(node);
    for (const [held, holder] of out.holders) if (holder === node) out.holders.delete(held);
  }
}

/** Makes the calls of an earlier life again. What was out then is lost: the nodes are said to be gone. */
async function replay(
  journal: Journal,
  books: JobBook,
  out: Out,
  tasks: Map<number, unknown>,
  record: Pick<JobRecord, "call" | "collected">,
): Promise<void> {
  const collect = async (task: number, node: NodeId) => {
    const stored = journal.result(task);
    const read = stored && readPayload(stored.payload);
    if (!read?.isReadable || !out.holders.has(task)) return;
    await books.collect(node, read.value, tasks.get(task));
    tasks.delete(task);
    record.collected(task, books);
  };
  for (const call of journal.calls()) {
    const { kind, node, task = -1, data } = call;
    if (kind === "joined") await books.initialData(node);
    else if (kind === "next") {
      const status = await books.next(node);
      if (status.status === "unfinished") tasks.set(task, status.data);
    } else if (kind === "collect") await collect(task, node);
    else if (kind === "custom") await books.custom(node, decodePayload(data!));
    else if (kind === "dropped") await books.dropped(tasks.get(task));
    else if (kind === "lost") await books.lost([node]);
    follow(out, call);
  }
  for (const [task, node] of [...out.holders]) {
    if (!journal.result(task)) continue;
    await collect(task, node);
    record.call({ kind: "collect", node, task });
  }
  for (const node of [...out.nodes]) {
    record.call({ kind: "lost", node });
    await books.lost([node]);
  }
  tasks.clear();
}
