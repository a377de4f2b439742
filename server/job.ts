/**
 * The Job actor: drives the user's books, and turns their values into bytes and back.
 *
 * The user's functions are called one after the other, each when the one before it has settled. What they throw ends
 * the job with its stack, never the server.
 *
 * @module
 */
import type { Behavior, Context, Handler, Logger, Ref } from "../actors/types.ts";
import { decodePayload, encodePayload } from "../actors/remote/payload.ts";
import type { NodeId, TaskFailure } from "../actors/remote/protocol.ts";
import type { JobBook, JobStatus, MaybePromise, ServerContext, Summary } from "../job/types.ts";
import { isPromise } from "../job/maybe_promise.ts";
import type { JobMessage, OfferedTask, SessionMessage } from "./messages.ts";
import type { Peers } from "./peers.ts";
import { describeThrown } from "./report.ts";

/** What a Job actor needs. */
export interface JobActorOptions {
  readonly peers: Peers;
  /** For people: what the job itself writes. */
  readonly log: Logger;
  /** Makes the user's books. */
  readonly book: (context: ServerContext) => JobBook;
  /** How long the source of tasks may take to close, in milliseconds: user code may hang there. */
  readonly closeTimeoutMs: number;
}

interface State {
  readonly context: Context<JobMessage>;
  readonly peers: Peers;
  readonly log: Logger;
  readonly closeTimeoutMs: number;
  readonly book: JobBook;
  /** The nodes that have joined, for the count that `send` returns. */
  readonly nodes: Set<NodeId>;
  /** What the user's books gave out, until its result has come: `collect` gets it back. */
  readonly tasks: Map<number, unknown>;
  nextTask: number;
  isOver: boolean;
}

/** Makes the Job's behavior. */
export function jobActor({ peers, log, book, closeTimeoutMs }: JobActorOptions): Behavior<JobMessage> {
  return (context) => {
    const nodes = new Set<NodeId>();
    const serverContext: ServerContext = {
      log: (text) => log.info(text),
      changed: () => peers.deliver("scheduler", { type: "changed" }),
      send: (to, message) => {
        peers.deliver("registry", { type: "custom", to, payload: encodePayload(message, "message") });
        return to === "all" ? nodes.size : Number(nodes.has(to));
      },
    };
    context.self.tell({ type: "open" });
    return () => {
      try {
        const tasks = new Map<number, unknown>();
        return handler({
          ...{ context, peers, log, closeTimeoutMs, nodes, tasks },
          book: book(serverContext),
          nextTask: 0,
          isOver: false,
        });
      } catch (thrown) {
        const reason = `the job did not start: ${describeThrown(thrown)}`;
        peers.deliver("root", { type: "over", outcome: "failed", reason });
        return unstarted(peers);
      }
    };
  };
}

/** There are no books: all that is left to do is to say that the end has come. */
function unstarted(peers: Peers): Handler<JobMessage> {
  return (message) => {
    if (message.type === "finish") peers.deliver("root", { type: "ended", summary: message.summary });
  };
}

function handler(state: State): Handler<JobMessage> {
  return (message) => {
    if (message.type === "finish") return finish(state, message.summary);
    if (state.isOver) return;
    switch (message.type) {
      case "joined":
        return guarded(state, "initialData", () => joined(state, message.node, message.session));
      case "need":
        return guarded(state, "the next task", () => offer(state, message.node, message.count));
      case "prepared":
        return guarded(state, "the next task", () => prepared(state, message));
      case "broken":
        return fail(state, `${message.what} of the job failed: ${describeThrown(message.thrown)}`);
      case "results":
        return collect(state, message.node, message.results);
      case "dropped": {
        const data = state.tasks.get(message.task);
        state.tasks.delete(message.task);
        return guarded(state, "dropping a task", () => state.book.dropped(data));
      }
      case "lost":
        state.nodes.delete(message.node);
        for (const task of message.forgotten) state.tasks.delete(task);
        return guarded(state, "heartbeatTimeout", () => state.book.lost([message.node]));
      case "custom":
        return guarded(state, "customMessage", () => custom(state, message.node, message.payload));
    }
  };
}

/** Calls the user's code; what it throws, now or later, ends the job. */
function guarded(state: State, what: string, call: () => MaybePromise<void>): MaybePromise<void> {
  const broken = (thrown: unknown) => fail(state, `${what} of the job failed: ${describeThrown(thrown)}`);
  try {
    return call()?.catch(broken);
  } catch (thrown) {
    broken(thrown);
  }
}

function fail(state: State, reason: string): void {
  state.isOver = true;
  state.peers.deliver("root", { type: "over", outcome: "failed", reason });
}

async function joined(state: State, node: NodeId, session: Ref<SessionMessage>): Promise<void> {
  state.nodes.add(node);
  const data = await state.book.initialData(node);
  const payload = data === undefined ? undefined : encodePayload(data, "initial");
  session.tell({ type: "initial", payload });
}

async function custom(state: State, node: NodeId, payload: Uint8Array): Promise<void> {
  await state.book.custom(node, decodePayload(payload));
  state.peers.deliver("scheduler", { type: "changed" });
}

/** Takes up to `count` tasks from the books. Synchronous as long as they are: most are, and there are many. */
function offer(state: State, node: NodeId, count: number): void {
  const tasks: OfferedTask[] = [];
  while (tasks.length < count) {
    const status = state.book.next(node);
    if (isPromise(status)) return offerLater(state, node, count, tasks, status);
    if (status.status !== "unfinished") return sendOffer(state, node, count, tasks, status.status);
    tasks.push(newTask(state, status.data));
  }
  sendOffer(state, node, count, tasks, "more");
}

/** The books need time; meanwhile results must be collected, for they may wait for just that. */
function offerLater(
  { context }: State,
  node: NodeId,
  count: number,
  tasks: readonly OfferedTask[],
  pending: Promise<JobStatus<unknown>>,
): void {
  context.pipe(
    pending,
    (status): JobMessage => ({ type: "prepared", node, count, tasks, status }),
    (thrown): JobMessage => ({ type: "broken", what: "the next task", thrown }),
  );
}

/** Offers what was there before, and the one task that was waited for. */
function prepared(state: State, message: Extract<JobMessage, { type: "prepared" }>): void {
  const { node, count, tasks, status } = message;
  if (status.status !== "unfinished") return sendOffer(state, node, count, tasks, status.status);
  sendOffer(state, node, count, [...tasks, newTask(state, status.data)], "more");
}

function newTask(state: State, data: unknown): OfferedTask {
  const task = state.nextTask++;
  state.tasks.set(task, data);
  return { task, payload: encodePayload(data, `task ${task}`) };
}

function sendOffer(
  state: State,
  node: NodeId,
  requested: number,
  tasks: readonly OfferedTask[],
  status: "more" | "waiting" | "finished",
): void {
  state.peers.deliver("scheduler", { type: "offer", node, requested, tasks, status, total: state.book.total() });
}

/** Gives results to the books, without a promise for each as long as the books need none. */
function collect(state: State, node: NodeId, results: readonly OfferedTask[], from = 0): MaybePromise<void> {
  const done: number[] = [];
  const report = () => {
    if (done.length > 0) state.peers.deliver("scheduler", { type: "collected", tasks: done.splice(0) });
  };
  for (let index = from; index < results.length && !state.isOver; index++) {
    const pending = collectOne(state, node, results[index], done);
    if (pending) {
      return pending.then(() => {
        report();
        return collect(state, node, results, index + 1);
      });
    }
  }
  report();
}

function collectOne(state: State, node: NodeId, result: OfferedTask, done: number[]): MaybePromise<void> {
  const { task, payload } = result;
  let value: unknown;
  try {
    value = decodePayload(payload);
  } catch (thrown) {
    return state.peers.deliver("scheduler", { type: "rejected", task, failure: undecodable(thrown) });
  }
  const data = state.tasks.get(task);
  const settle = () => {
    state.tasks.delete(task);
    done.push(task);
  };
  return guarded(state, `collecting the result of task ${task}`, () => {
    const pending = state.book.collect(node, value, data);
    if (isPromise(pending)) return pending.then(settle);
    settle();
  });
}

const undecodable = (thrown: unknown): TaskFailure => ({
  kind: "decode",
  name: "PayloadError",
  message: `the result could not be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
});

/** Ends the source of tasks, which is the user's code: it may be stuck in a wait that never ends. */
async function closeBook({ book, context, closeTimeoutMs, log }: State): Promise<void> {
  const late = Promise.withResolvers<"late">();
  const cancel = context.clock.setTimer(closeTimeoutMs, () => late.resolve("late"));
  const ended = await Promise.race([book.close(), late.promise]);
  cancel();
  if (ended === "late") log.warn(`the job's tasks did not end within ${closeTimeoutMs} ms (option --close-timeout)`);
}

async function finish(state: State, summary: Summary): Promise<void> {
  state.isOver = true;
  let ended = summary;
  try {
    await closeBook(state);
    await state.book.finish(summary);
  } catch (thrown) {
    const reason = `finishing the job failed: ${describeThrown(thrown)}`;
    if (summary.outcome === "complete") ended = { ...summary, outcome: "failed", reason };
    else state.log.error(reason);
  }
  state.peers.deliver("root", { type: "ended", summary: ended });
}
