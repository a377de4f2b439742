/**
 * The Job actor: drives the user's books, and turns their values into bytes and back.
 *
 * What the user's functions throw ends the job with its stack, never the server. Where the job is resumed, results
 * that an earlier life of the server has stored are collected as the tasks are made again, instead of handing these
 * out.
 *
 * @module
 */
import type { Behavior, Context, Handler, Ref } from "../actors/types.ts";
import { encodePayload } from "../actors/remote/payload.ts";
import { type Allocate, createSlab } from "../actors/remote/slab.ts";
import type { NodeId, TaskFailure } from "../actors/remote/protocol.ts";
import { isPromise } from "../job/maybe_promise.ts";
import type { FailedTask, JobBook, JobStatus, MaybePromise, ServerContext, Summary } from "../job/types.ts";
import { agreeing } from "./agreement.ts";
import { readPayload } from "./read_payload.ts";
import { describeThrown } from "./report.ts";
import { createJobRecord, type JobRecord, type JobRecordOptions } from "./job_record.ts";
import type { StoredCall } from "./journal/types.ts";
import type { JobMessage, OfferedTask, SchedulerMessage, SessionMessage, SettledTask } from "./messages.ts";

/** How many stored results are collected in one turn before others have theirs. */
const replayMax = 1_000;

/** How many bytes of data the tasks of one answer may have before it is sent, though more were asked for. */
const answerBytesMax = 4 * 1024 ** 2;

/** What a Job actor needs. */
export interface JobActorOptions extends JobRecordOptions {
  /** Makes the user's books. */
  readonly book: (context: ServerContext) => JobBook;
  /** How many results of a task must agree. */
  readonly replicas: number;
  /** How long the source of tasks may take to close, in milliseconds: user code may hang there. */
  readonly closeTimeoutMs: number;
}

interface State extends JobActorOptions {
  readonly context: Context<JobMessage>;
  readonly books: JobBook;
  readonly record: JobRecord;
  /** The nodes that have joined, each with a mark of its own from then until it is lost. */
  readonly nodes: Map<NodeId, symbol>;
  /** Those of them that have sent a message that cannot be read. */
  readonly garbled: Set<NodeId>;
  /** What the user's books gave out, until its result has come: `collect` gets it back. */
  readonly tasks: Map<number, unknown>;
  nextTask: number;
  /** Where the payloads of tasks go. */
  readonly allocate: Allocate;
  isOver: boolean;
}

/** Makes the Job's behavior. */
export function jobActor(options: JobActorOptions): Behavior<JobMessage> {
  return (context) => {
    context.self.tell({ type: "open" });
    return () => open(context, options);
  };
}

async function open(context: Context<JobMessage>, options: JobActorOptions): Promise<Handler<JobMessage>> {
  const { peers, log, journal } = options;
  const nodes = new Map<NodeId, symbol>();
  try {
    const books = options.book({
      log: (text) => log.info(text),
      changed: () => peers.deliver("scheduler", { type: "changed" }),
      send: (to, message) => {
        peers.deliver("registry", { type: "custom", to, payload: encodePayload(message, "message") });
        return to === "all" ? nodes.size : Number(nodes.has(to));
      },
    });
    const tasks = new Map<number, unknown>();
    const record = createJobRecord(options, context.clock);
    const nextTask = await record.resume(books, tasks);
    const allocate = createSlab();
    return handler({
      ...options,
      context,
      books,
      record,
      nodes,
      garbled: new Set(),
      tasks,
      nextTask,
      allocate,
      isOver: false,
    });
  } catch (thrown) {
    const what = journal?.isResumed ? "the job could not be resumed" : "the job did not start";
    peers.deliver("root", { type: "over", outcome: "failed", reason: `${what}: ${describeThrown(thrown)}` });
    // There are no books: all that is left to do is to say that the end has come.
    return (message) => {
      if (message.type === "receipt") message.session.tell({ type: "received", count: message.count });
      if (message.type === "finish") peers.deliver("root", { type: "ended", summary: message.summary });
    };
  }
}

function handler(state: State): Handler<JobMessage> {
  return (message) => {
    if (message.type === "finish") return finish(state, message.summary);
    if (message.type === "receipt") return void message.session.tell({ type: "received", count: message.count });
    if (state.isOver) return;
    switch (message.type) {
      case "joined":
        return guarded(state, "initialData", () => joined(state, message));
      case "need": {
        const { node, count, session } = message;
        return guarded(state, "the next task", () => offer(state, newAnswer(node, count, session)));
      }
      case "prepared":
        return guarded(state, "the next task", () => prepared(state, message));
      case "broken":
        return fail(state, `${message.what} of the job failed: ${describeThrown(message.thrown)}`);
      case "results":
        return collect(state, message.results);
      case "compare":
        return guarded(state, "agree", () => compare(state, message.task, message.votes));
      case "dropped":
        return guarded(state, "dropping a task", () => dropped(state, message.task));
      case "lost":
        return guarded(state, "heartbeatTimeout", () => lost(state, message.node, message.forgotten));
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

async function joined(state: State, { node, session, isResumed }: JoinedMessage): Promise<void> {
  state.nodes.set(node, Symbol(node));
  if (isResumed) return;
  state.record.call({ kind: "joined", node });
  const data = await state.books.initialData(node);
  const payload = data === undefined ? undefined : encodePayload(data, "initial");
  session.tell({ type: "initial", payload });
}

interface JoinedMessage {
  readonly node: NodeId;
  readonly session: Ref<SessionMessage>;
  readonly isResumed: boolean;
}

async function custom(state: State, node: NodeId, payload: Uint8Array): Promise<void> {
  const { books, record, peers } = state;
  const message = readPayload(payload);
  if (!message.isReadable) return complain(state, node, message.why);
  record.call({ kind: "custom", node, data: payload });
  await books.custom(node, message.value);
  peers.deliver("scheduler", { type: "changed" });
}

/** Says of a node once that it sends what cannot be read. */
function complain({ log, garbled }: State, node: NodeId, why: string): void {
  if (garbled.has(node)) return;
  garbled.add(node);
  log.warn(`custom messages of a node cannot be read and are dropped: ${why}`, { node });
}

function dropped({ books, record, tasks }: State, task: number): MaybePromise<void> {
  const data = tasks.get(task);
  tasks.delete(task);
  record.call({ kind: "dropped", node: "", task });
  return books.dropped(data);
}

function lost(state: State, node: NodeId, forgotten: readonly number[]): MaybePromise<void> {
  const { books, record, nodes, garbled, tasks } = state;
  nodes.delete(node);
  garbled.delete(node);
  for (const task of forgotten) tasks.delete(task);
  record.call({ kind: "lost", node });
  return books.lost([node]);
}

/** An answer to a request, as far as it has come. */
interface Answer {
  readonly node: NodeId;
  readonly count: number;
  readonly session?: Ref<SessionMessage>;
  readonly tasks: OfferedTask[];
  /** How many bytes of data they have. */
  bytes: number;
  replayed: number;
  readonly failures: FailedTask[];
}

const newAnswer = (node: NodeId, count: number, session?: Ref<SessionMessage>): Answer => ({
  ...{ node, count, session, tasks: [], bytes: 0, replayed: 0, failures: [] },
});

/** Takes tasks from the books, as many as are wanted. Synchronous as long as they are: most are, and there are many. */
function offer(state: State, answer: Answer): MaybePromise<void> {
  while (isWanting(answer)) {
    const status = state.books.next(answer.node);
    if (isPromise(status)) {
      // What was given at once need not wait for it.
      sendOffer(state, answer, "later");
      return offerLater(state, answer.node, status);
    }
    if (status.status !== "unfinished") return sendOffer(state, answer, status.status);
    const pending = admit(state, answer, status);
    if (pending) return pending.then(() => offer(state, answer));
  }
  sendOffer(state, answer, "more");
}

const isWanting = ({ tasks, count, bytes, replayed, failures }: Answer): boolean =>
  tasks.length < count && bytes < answerBytesMax && replayed + failures.length < replayMax;

/** The books need time; meanwhile results must be collected, for they may wait for just that. */
function offerLater(state: State, node: NodeId, pending: Promise<JobStatus<unknown>>): void {
  const { context, nodes, record } = state;
  const mark = nodes.get(node);
  const note = record.place();
  context.pipe(
    pending,
    (status): JobMessage => ({ type: "prepared", node, mark, note, status }),
    (thrown): JobMessage => ({ type: "broken", what: "the next task", thrown }),
  );
}

/** Offers what was waited for. */
function prepared(state: State, message: Extract<JobMessage, { type: "prepared" }>): MaybePromise<void> {
  const { node, mark, note, status } = message;
  const answer = newAnswer(node, 0);
  // The books answered, and then heard that the node is gone: they will hand this out anew.
  const isStale = state.isPinned && state.nodes.get(node) !== mark;
  if (isStale || status.status !== "unfinished") {
    note();
    return sendOffer(state, answer, isStale || status.status === "unfinished" ? "more" : status.status);
  }
  const pending = admit(state, answer, status, note);
  if (pending) return pending.then(() => sendOffer(state, answer, "more"));
  sendOffer(state, answer, "more");
}

/** Numbers a task. What is known of it from an earlier life of the server is used now; else it is to be computed. */
function admit(
  state: State,
  answer: Answer,
  { data, needs }: Extract<JobStatus<unknown>, { status: "unfinished" }>,
  note: (call: StoredCall) => void = state.record.call,
): MaybePromise<void> {
  const { books, record, tasks } = state;
  const task = state.nextTask++;
  const payload = encodePayload(data, `task ${task}`, state.allocate);
  const known = record.known(task, payload);
  if (known.is === "new") {
    tasks.set(task, data);
    note({ kind: "next", node: answer.node, task });
    answer.bytes += payload.length;
    return void answer.tasks.push({ task, payload, needs, hash: known.hash });
  }
  if (known.is === "failed") answer.failures.push(known.failure);
  else answer.replayed++;
  if (known.is !== "stored") return books.dropped(data);
  const settle = () => record.collected(task, books);
  const pending = books.collect(known.node, known.value, data);
  if (isPromise(pending)) return pending.then(settle);
  settle();
}

function sendOffer(state: State, { count, bytes: _, ...answer }: Answer, status: OfferMessage["status"]): void {
  const { peers, books, nextTask: frontier } = state;
  const total = books.total();
  peers.deliver("scheduler", { type: "offer", requested: count, ...answer, status, total, frontier });
}

type OfferMessage = Extract<SchedulerMessage, { type: "offer" }>;

/** Gives results to the books, without a promise for each as long as the books need none. */
function collect(state: State, results: readonly SettledTask[], from = 0): MaybePromise<void> {
  const done: number[] = [];
  const report = () => {
    if (done.length > 0) state.peers.deliver("scheduler", { type: "collected", tasks: done.splice(0) });
  };
  for (let index = from; index < results.length && !state.isOver; index++) {
    const pending = collectOne(state, results[index], done);
    if (pending) {
      return pending.then(() => {
        report();
        return collect(state, results, index + 1);
      });
    }
  }
  report();
}

function collectOne(state: State, result: SettledTask, done: number[]): MaybePromise<void> {
  const { peers, books, record, tasks } = state;
  const { task, node, payload } = result;
  const read = readPayload(payload);
  if (!read.isReadable) {
    record.withdraw(task);
    return peers.deliver("scheduler", { type: "rejected", task, node, failure: undecodable(read.why) });
  }
  record.call({ kind: "collect", node, task });
  const settle = () => {
    tasks.delete(task);
    done.push(task);
    record.collected(task, books);
  };
  return guarded(state, `collecting the result of task ${task}`, () => {
    const pending = books.collect(node, read.value, tasks.get(task));
    if (isPromise(pending)) return pending.then(settle);
    settle();
  });
}

const undecodable = (why: string): TaskFailure => ({
  kind: "decode",
  name: "PayloadError",
  message: `the result could not be read: ${why}`,
});

/** Looks for as many results of a task as must agree. One that cannot be read agrees with nothing. */
async function compare(
  { books, replicas, peers }: State,
  task: number,
  votes: readonly Uint8Array[],
): Promise<void> {
  const readable = votes.flatMap((vote, place) => {
    const read = readPayload(vote);
    return read.isReadable ? [{ place, value: read.value }] : [];
  });
  const agreed = await agreeing(readable.map(({ value }) => value), replicas, (a, b) => books.agree!(a, b));
  peers.deliver("scheduler", {
    type: "compared",
    task,
    votes: votes.length,
    agreed: agreed === undefined ? agreed : readable[agreed].place,
  });
}

/** Ends the source of tasks, which is the user's code: it may be stuck in a wait that never ends. */
async function closeBooks({ books, context, closeTimeoutMs, log }: State): Promise<void> {
  const late = Promise.withResolvers<"late">();
  const cancel = context.clock.setTimer(closeTimeoutMs, () => late.resolve("late"));
  const ended = await Promise.race([books.close(), late.promise]);
  cancel();
  if (ended === "late") log.warn(`the job's tasks did not end within ${closeTimeoutMs} ms (option --close-timeout)`);
}

async function finish(state: State, summary: Summary): Promise<void> {
  state.isOver = true;
  let ended = summary;
  try {
    await closeBooks(state);
    await state.books.finish(summary);
  } catch (thrown) {
    const reason = `finishing the job failed: ${describeThrown(thrown)}`;
    if (summary.outcome === "complete") ended = { ...summary, outcome: "failed", reason };
    else state.log.error(reason);
  }
  state.peers.deliver("root", { type: "ended", summary: ended });
}
