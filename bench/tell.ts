/**
 * One-way messages to one actor: how long a `tell` and its handling take.
 *
 * @module
 */
import { createSystem } from "../actors/mod.ts";

/** One round of messages. */
export interface TellRow {
  readonly way: string;
  readonly nsPerMessage: number;
  readonly messagesPerSecond: number;
}

/** As many as a mailbox holds by default, so that none is refused. */
const burst = 4_096;

interface Add {
  readonly by: number;
}

/** Tells a counter `count` messages, a mailbox full at a time. @returns the time that it took, in milliseconds. */
async function tellRound(count: number): Promise<number> {
  const system = createSystem({ name: "bench" });
  let total = 0;
  let drained = () => {};
  const counter = system.spawn<Add>(() => ({ by }) => {
    total += by;
    if (total % burst === 0) drained();
  });
  const message: Add = { by: 1 };
  const start = performance.now();
  for (let sent = 0; sent < count; sent += burst) {
    const { promise, resolve } = Promise.withResolvers<void>();
    drained = resolve;
    for (let i = 0; i < burst; i++) counter.tell(message);
    await promise;
  }
  const elapsedMs = performance.now() - start;
  await system.stop();
  if (total !== count) throw new Error(`${total} of ${count} messages arrived`);
  return elapsedMs;
}

/** The same counting through a promise a message, which is what actors without a dispatcher would cost. */
async function promiseRound(count: number): Promise<number> {
  let total = 0;
  const handle = ({ by }: Add): Promise<void> => Promise.resolve().then(() => void (total += by));
  const message: Add = { by: 1 };
  const start = performance.now();
  for (let sent = 0; sent < count; sent++) await handle(message);
  return performance.now() - start;
}

async function best(round: (count: number) => Promise<number>, count: number, rounds: number): Promise<number> {
  let bestMs = Infinity;
  for (let i = 0; i < rounds; i++) bestMs = Math.min(bestMs, await round(count));
  return bestMs;
}

/** Measures both ways: the best of some rounds, after one to warm up. */
export async function tell(): Promise<TellRow[]> {
  const count = 256 * burst;
  const row = (way: string, elapsedMs: number): TellRow => ({
    way,
    nsPerMessage: elapsedMs * 1e6 / count,
    messagesPerSecond: count / elapsedMs * 1e3,
  });
  return [
    row("tell to an actor, one way", await best(tellRound, count, 5)),
    row("a promise a message", await best(promiseRound, count, 5)),
  ];
}
