/**
 * Holds a server to its guarantees, message by message: what it says and hears on the wire, writes into its journal,
 * and has the job's books do.
 *
 * @module
 */
import { decodeFailure } from "../../actors/remote/failure.ts";
import type { Attempt, Hello, ResultEntry, TaskEntry, WireMessage } from "../../actors/remote/protocol.ts";
import type { Clock } from "../../actors/types.ts";
import type { StoredFailure, StoredResult } from "../../server/journal/types.ts";
import type { BookEvents } from "./jobs.ts";
import type { JournalEvents } from "./disk.ts";
import {
  createLedger,
  end,
  type Given,
  givenTo,
  hasEnded,
  keyOf,
  type Ledger,
  newLife,
  type NodeView,
  type OpenTask,
  openTask,
  windowMaxOf,
} from "./ledger.ts";
import { type Scenario, valueOf } from "./scenario.ts";

/** More than the windows of all nodes: what is made ahead where tasks have needs, and what was asked for meanwhile. */
const madeAheadMax = { plain: 64, pinned: 64, replicas: 1_064, needs: 1_064 };

/** A connection, seen from the server. */
export interface ServerSide {
  readonly read: (message: WireMessage) => void;
  readonly write: (message: WireMessage) => void;
  readonly end: () => void;
}

/** See {@linkcode createServerWatch}. */
export interface ServerWatch {
  readonly ledger: Ledger;
  readonly books: BookEvents;
  readonly journal: JournalEvents;
  /** The server has taken in its next connection. */
  readonly accept: () => ServerSide;
  /** The server was killed, and another one takes its place. */
  readonly restart: () => void;
  /** What can be said between two steps. */
  readonly check: () => void;
}

/** What a watch needs. */
export interface WatchOptions {
  readonly scenario: Scenario;
  readonly clock: Clock;
  /** Hears what was violated. */
  readonly violated: (what: string) => void;
  /** Whether the node of that name was killed, so that it will never come back. */
  readonly isDead: (name: string) => boolean;
}

interface Watch extends WatchOptions {
  readonly ledger: Ledger;
  readonly copies: number;
}

/** Makes a watch for all lives of a server. */
export function createServerWatch(options: WatchOptions): ServerWatch {
  const ledger = createLedger();
  const watch: Watch = { ...options, ledger, copies: options.scenario.kind === "replicas" ? 2 : 1 };
  let connections = 0;
  return {
    ledger,
    books: {
      onMade: (task) => {
        ledger.life.made++;
        if (hasEnded(ledger, task) || ledger.storedFailures.has(task)) ledger.life.ended++;
      },
      onCollect: (task, value) => collected(watch, task, value),
      onRestore: (tasks) => tasks.forEach((task) => ledger.life.collected.add(task)),
    },
    journal: {
      onAppend: (result) => appended(watch, result),
      onFailure: (failure) => gaveUp(watch, failure),
      onCommit: (tasks) => tasks.forEach((task) => committed(watch, task)),
    },
    accept: () => openSide(watch, connections++),
    restart: () => {
      ledger.life = newLife();
      for (const task of ledger.storedFailures) ledger.life.failed.add(task);
    },
    check: () => checkBounds(watch),
  };
}

function openSide(watch: Watch, connection: number): ServerSide {
  const { ledger, clock } = watch;
  const { life } = ledger;
  let hello: Hello | undefined;
  /** A life that is over is not heard any more. */
  const node = () => ledger.life === life ? life.nodes.get(connection) : undefined;
  return {
    read: (message) => {
      if (message.kind === "control" && message.message.type === "hello") hello = message.message;
      const view = node();
      if (!view) return;
      if (message.kind === "results") readResults(watch, view, message.results);
      else if (message.kind === "held") readHeld(watch, view, message.attempts);
      else if (message.kind === "control" && message.message.type === "leave") view.leavingMs ??= clock.now();
    },
    write: (message) => {
      if (ledger.life !== life) return;
      if (message.kind === "control" && message.message.type === "welcome") {
        const { name, slots } = hello!;
        const id = message.message.node;
        const view: NodeView = {
          ...{ id, name, slots, outstanding: new Map(), inherited: new Map() },
          ...{ shortestMs: life.shortestMs.get(id), leavingMs: undefined },
        };
        life.nodes.set(connection, view);
        life.room += windowMaxOf(view);
        return;
      }
      const view = node();
      if (!view) return;
      if (message.kind === "tasks") granted(watch, view, message.tasks);
      else if (message.kind === "acks") acknowledged(watch, view, message.attempts);
      else if (message.kind !== "control") return;
      else if (message.message.type === "cancel") cancelled(watch, view, message.message.attempts);
      else if (message.message.type === "finished") view.leavingMs ??= clock.now();
    },
    end: () => {
      const view = node();
      life.nodes.delete(connection);
      if (view) gone(watch, view);
    },
  };
}

/** A node was given tasks. */
function granted(watch: Watch, view: NodeView, tasks: readonly TaskEntry[]): void {
  const { ledger, clock, scenario, violated } = watch;
  const { maxAttempts, maxNodeLosses } = scenario;
  const { justEnded } = ledger;
  if (view.leavingMs !== undefined && view.leavingMs < clock.now()) {
    violated(`node ${view.name} was given tasks after it took its leave`);
  }
  for (const { task, attempt } of tasks) {
    const what = `task ${task} was given out as attempt ${attempt}`;
    if (hasEnded(ledger, task)) {
      if (justEnded.ms !== clock.now() || !justEnded.tasks.has(task)) violated(`${what} after it had ended`);
      continue;
    }
    if (scenario.kind !== "pinned" && task >= scenario.size.tasks) violated(`${what}, and there is no such task`);
    const open = openTask(ledger, task);
    if (open.given.some((one) => one.attempt === attempt && !one.isDoubtful)) violated(`${what} a second time`);
    if (open.errors >= maxAttempts) violated(`${what} after it had failed ${open.errors} times`);
    if (open.losses > maxNodeLosses) violated(`${what} after it had lost ${open.losses} nodes`);
    const given = give(watch, open, view, { task, attempt, isDoubtful: false });
    // In an earlier life of the server it may have had the same number, and its result may have come already.
    if (!open.received.some((one) => one.node === view.id && one.attempt === attempt)) {
      view.outstanding.set(keyOf(task, attempt), given);
    }
  }
  const max = windowMaxOf(view);
  if (view.outstanding.size > max) {
    violated(
      `node ${view.name} has ${view.outstanding.size} tasks, and ${max} are the most for its ${view.slots} slots`,
    );
  }
}

function give(
  { clock }: Watch,
  open: OpenTask,
  { id }: NodeView,
  what: Pick<Given, "task" | "attempt" | "isDoubtful">,
) {
  const given: Given = { ...what, node: id, sinceMs: clock.now(), state: "live" };
  open.given.push(given);
  return given;
}

/** A node has sent results. */
function readResults(watch: Watch, view: NodeView, results: readonly ResultEntry[]): void {
  const { ledger, copies } = watch;
  for (const { task, attempt, status, payload, elapsedMs } of results) {
    view.outstanding.delete(keyOf(task, attempt));
    if (hasEnded(ledger, task)) continue;
    const open = openTask(ledger, task);
    const given = givenTo(open, view.id, attempt);
    if (status === "failed") {
      countFailure(open, given, payload);
      continue;
    }
    widen(watch, view, elapsedMs);
    open.received.push({ node: view.id, name: view.name, attempt });
    if (given) given.state = "over";
    if (copies === 1) open.given.forEach((one) => one.state = "over");
  }
}

function widen({ ledger }: Watch, view: NodeView, elapsedMs: number): void {
  const before = windowMaxOf(view);
  view.shortestMs = Math.min(view.shortestMs ?? Infinity, elapsedMs);
  ledger.life.shortestMs.set(view.id, view.shortestMs);
  ledger.life.room += windowMaxOf(view) - before;
}

function countFailure(open: OpenTask, given: OpenTask["given"][number] | undefined, payload: Uint8Array): void {
  const isFree = decodeFailure(payload).kind === "handed-back";
  if (!isFree) open.errorsMax++;
  // What has a result already does not fail any more.
  if (!isFree && given && given.state !== "over" && !given.isDoubtful && open.received.length === 0) open.errors++;
  if (given) given.state = "over";
}

/** A node has said all that it holds. What it does not have the server may give to others, from now on. */
function readHeld(watch: Watch, view: NodeView, attempts: readonly Attempt[]): void {
  const { ledger, clock } = watch;
  const held = new Set(attempts.map(({ task, attempt }) => keyOf(task, attempt)));
  for (const [key, given] of view.outstanding) {
    if (held.has(key) || given.sinceMs === clock.now()) continue;
    given.isDoubtful = true;
    view.outstanding.delete(key);
  }
  for (const { task, attempt } of attempts) {
    if (hasEnded(ledger, task)) continue;
    const open = openTask(ledger, task);
    const given = givenTo(open, view.id, attempt);
    if (view.outstanding.has(keyOf(task, attempt))) continue;
    const taken = given ?? give(watch, open, view, { task, attempt, isDoubtful: true });
    if (taken.state === "orphaned") taken.state = "live";
    view.inherited.set(keyOf(task, attempt), taken);
  }
}

/** The node may forget these: what it was told of is safe. */
function acknowledged(watch: Watch, view: NodeView, attempts: readonly Attempt[]): void {
  const { ledger, copies, violated } = watch;
  const { life } = ledger;
  for (const { task, attempt } of attempts) {
    if (hasEnded(ledger, task) || life.forgotten.has(task) || copies > 1) continue;
    const open = life.open.get(task);
    // An attempt of an earlier life may have been made anew by now.
    if (givenTo(open, view.id, attempt)?.isDoubtful !== false) continue;
    if (!open!.received.some((one) => one.node === view.id && one.attempt === attempt)) continue;
    violated(`the result of task ${task} was acknowledged to node ${view.name} before it was on the disk`);
  }
}

function cancelled({ ledger }: Watch, view: NodeView, attempts: readonly Attempt[]): void {
  for (const { task, attempt } of attempts) {
    view.outstanding.delete(keyOf(task, attempt));
    const given = givenTo(ledger.life.open.get(task), view.id, attempt);
    if (given) given.state = "over";
  }
}

/** A connection has ended. */
function gone({ ledger, scenario, isDead }: Watch, view: NodeView): void {
  const { life } = ledger;
  if (scenario.kind === "pinned") {
    // To the books the node is gone, and with it what it was given.
    for (const [task, { given }] of life.open) if (given.some(({ node }) => node === view.id)) life.forgotten.add(task);
  }
  for (const given of [...view.outstanding.values(), ...view.inherited.values()]) {
    const open = life.open.get(given.task);
    if (!open || given.state !== "live") continue;
    given.state = "orphaned";
    if (view.leavingMs !== undefined) continue;
    if (isDead(view.name) && !given.isDoubtful && open.received.length === 0) open.losses++;
  }
}

/** A result goes to the journal. */
function appended({ ledger, copies, violated }: Watch, { task, attempt, node }: StoredResult): void {
  const received = ledger.life.open.get(task)?.received ?? [];
  if (ledger.stored.has(task)) violated(`a second result of task ${task} was stored`);
  if (!received.some((one) => one.attempt === attempt && (one.name === node || one.node === node))) {
    violated(`the result of attempt ${attempt} at task ${task} was stored, which node ${node} has not sent`);
  }
  if (new Set(received.map((one) => one.node)).size < copies) {
    violated(`a result of task ${task} was stored that no ${copies} nodes have computed`);
  }
}

/** A task has failed for good. */
function gaveUp({ ledger, scenario, clock, violated }: Watch, { task, outcome, evidence }: StoredFailure): void {
  const { maxAttempts, maxNodeLosses, kind } = scenario;
  const { errorsMax } = openTask(ledger, task);
  ledger.life.failed.add(task);
  // Some of the nodes may have been lost before they were told of the task, so that these losses cannot be seen.
  const endings = JSON.parse(evidence) as readonly { readonly failure: { readonly kind: string } }[];
  const losses = endings.filter(({ failure }) => failure.kind === "node-lost").length;
  if (outcome === "quarantined" && losses !== maxNodeLosses + 1) {
    violated(`task ${task} was quarantined after the loss of ${losses} nodes, and ${maxNodeLosses} are allowed`);
  }
  if (outcome === "failed" && errorsMax < maxAttempts && kind !== "replicas") {
    violated(`task ${task} was given up after ${errorsMax} failures, and ${maxAttempts} attempts are allowed`);
  }
  end(ledger, task, clock.now());
}

function committed({ ledger, clock }: Watch, task: number): void {
  const { life, stored, storedFailures } = ledger;
  if (life.failed.has(task)) return void storedFailures.add(task);
  stored.add(task);
  end(ledger, task, clock.now());
}

/** The job's books have taken a result. */
function collected({ ledger, scenario, violated }: Watch, task: number, value: number): void {
  const { collected } = ledger.life;
  if (collected.has(task)) violated(`task ${task} was collected twice`);
  collected.add(task);
  if (value !== valueOf(task)) violated(`task ${task} was collected with ${value} instead of ${valueOf(task)}`);
  // A job that keeps its own books has other numbers for its tasks.
  if (scenario.kind !== "pinned" && !ledger.stored.has(task)) {
    violated(`task ${task} was collected before its result was on the disk`);
  }
}

/** No more tasks are made than nodes have room for. */
function checkBounds({ ledger, scenario, violated }: Watch): void {
  const { made, ended, room, open } = ledger.life;
  let settled = 0;
  for (const { received } of open.values()) if (received.length > 0) settled++;
  const max = room + settled + madeAheadMax[scenario.kind];
  if (scenario.kind !== "pinned" && made - ended > max) {
    violated(`${made - ended} tasks are out, and nodes have room for ${max}`);
  }
}
