import type { JobBook, ServerContext, Summary, TaskContext } from "../../job/types.ts";

export const node = "00000000000000aa";

/** A summary of a run in which nothing of note happened. */
export function summaryOf(outcome: Summary["outcome"] = "complete"): Summary {
  return {
    outcome,
    collected: 0,
    failed: 0,
    retried: 0,
    dropped: 0,
    speculated: 0,
    resumed: 0,
    failures: [],
    nodes: 1,
    nodesLost: 0,
    elapsedMs: 0,
    computeMs: 0,
  };
}

/** A server context that remembers what was logged and sent. */
export function fakeContext() {
  const lines: string[] = [];
  const sent: unknown[] = [];
  const context: ServerContext = {
    log: (text) => void lines.push(text),
    changed: () => {},
    send: (to, message) => sent.push([to, message]),
  };
  return { context, lines, sent };
}

/** What the runtime gives to a computation. */
export function taskContext(task: number): TaskContext {
  return {
    node,
    task,
    attempt: 1,
    signal: new AbortController().signal,
    log: () => {},
    progress: () => {},
    send: () => {},
  };
}

/** Asks a book until it has no task at hand. Returns the tasks, then the status without one. */
export async function pullAll(book: JobBook): Promise<[tasks: unknown[], status: string]> {
  const tasks: unknown[] = [];
  while (true) {
    const status = await book.next(node);
    if (status.status !== "unfinished") return [tasks, status.status];
    tasks.push(status.data);
  }
}
