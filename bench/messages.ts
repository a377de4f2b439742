/**
 * Messages between actors, and the same between bare mailboxes. Each returns messages a second, of work that was
 * completed.
 *
 * @module
 */
import { type Context, createSystem, type Ref, type System } from "../actors/mod.ts";
import { bareActor } from "./bare_mailbox.ts";
import { seconds } from "./figures.ts";

/** As many as a mailbox holds by default, so that none is refused. */
const burst = 4_096;
/** How many asks are under way at once. */
const asksAtOnce = 1_024;
const askTimeoutMs = 60_000;

/** Makes a system for one measurement, and stops it. */
export async function withSystem<T>(work: (system: System) => T | Promise<T>): Promise<T> {
  const system = createSystem({ name: "bench" });
  try {
    return await work(system);
  } finally {
    await system.stop();
  }
}

interface Add {
  readonly by: number;
}

/** Tells `count` messages, a mailbox full at a time. */
async function inBursts(count: number, tell: (message: Add) => unknown, onDrained: (then: () => void) => void) {
  const message: Add = { by: 1 };
  for (let sent = 0; sent < count; sent += burst) {
    const { promise, resolve } = Promise.withResolvers<void>();
    onDrained(resolve);
    for (let i = 0; i < burst; i++) tell(message);
    await promise;
  }
}

function counter() {
  let total = 0;
  let drained = () => {};
  return {
    add: ({ by }: Add): void => {
      total += by;
      if (total % burst === 0) drained();
    },
    onDrained: (then: () => void) => void (drained = then),
    check: (count: number) => {
      if (total !== count) throw new Error(`${total} of ${count} messages arrived`);
    },
  };
}

/** One-way messages to one actor. */
export function tell(bursts: number): Promise<number> {
  return withSystem(async (system) => {
    const { add, onDrained, check } = counter();
    const actor = system.spawn<Add>(() => add);
    const elapsed = await seconds(() => inBursts(bursts * burst, actor.tell, onDrained));
    check(bursts * burst);
    return bursts * burst / elapsed;
  });
}

/** One-way messages to one bare mailbox. */
export async function bareTell(bursts: number): Promise<number> {
  const { add, onDrained, check } = counter();
  const actor = bareActor(add);
  const elapsed = await seconds(() => inBursts(bursts * burst, actor.tell, onDrained));
  check(bursts * burst);
  return bursts * burst / elapsed;
}

/** Two actors that answer each other. */
export function pingPong(count: number): Promise<number> {
  return withSystem(async (system) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    interface Ball {
      readonly back: Ref<Ball>;
    }
    let left = count;
    const player = ({ self }: Context<Ball>) => {
      const ball: Ball = { back: self };
      return ({ back }: Ball): void => {
        if (left-- > 0) back.tell(ball);
        else resolve();
      };
    };
    const [first, second] = [system.spawn(player), system.spawn(player)];
    return count / await seconds(() => {
      first.tell({ back: second });
      return promise;
    });
  });
}

/** Two bare mailboxes that answer each other. */
export async function barePingPong(count: number): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  interface Ball {
    readonly back: () => { tell: (ball: Ball) => void };
  }
  let left = count;
  const player = () => {
    const actor = bareActor<Ball>(({ back }) => {
      if (left-- > 0) back().tell(ball);
      else resolve();
    });
    const ball: Ball = { back: () => actor };
    return actor;
  };
  const [first, second] = [player(), player()];
  return count / await seconds(() => {
    first.tell({ back: () => second });
    return promise;
  });
}

/** Asks that are answered, many under way at once. */
export function ask(rounds: number): Promise<number> {
  return withSystem(async (system) => {
    interface Question {
      readonly value: number;
      readonly replyTo: Ref<number>;
    }
    const actor = system.spawn<Question>(() => ({ value, replyTo }) => void replyTo.tell(value + 1));
    const question = (value: number) =>
      actor.ask<number>((replyTo) => ({ value, replyTo }), { timeoutMs: askTimeoutMs });
    return rounds * asksAtOnce / await seconds(() => askInRounds(rounds, question));
  });
}

async function askInRounds(rounds: number, question: (value: number) => Promise<number>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all(Array.from({ length: asksAtOnce }, (_, value) => question(value)));
    if (answers[asksAtOnce - 1] !== asksAtOnce) throw new Error("an answer is wrong");
  }
}

/** Promises that a bare mailbox resolves, with one list of deadlines for all. */
export async function bareAsk(rounds: number): Promise<number> {
  interface Question {
    readonly value: number;
    readonly deadlineMs: number;
    isSettled: boolean;
    readonly resolve: (answer: number) => void;
  }
  const deadlines: Question[] = [];
  const actor = bareActor<Question>((question) => {
    question.isSettled = true;
    question.resolve(question.value + 1);
  });
  const ask = (value: number): Promise<number> =>
    new Promise((resolve) => {
      const question = { value, deadlineMs: performance.now() + askTimeoutMs, isSettled: false, resolve };
      deadlines.push(question);
      actor.tell(question);
    });
  return rounds * asksAtOnce / await seconds(async () => {
    for (let round = 0; round < rounds; round++) {
      await askInRounds(1, ask);
      while (deadlines.at(-1)?.isSettled) deadlines.pop();
    }
  });
}

/** One message to each of many actors, each of which tells a counter; both messages count. */
export function fanOut(actors: number, rounds: number): Promise<number> {
  return withSystem(async (system) => {
    let back = 0;
    let done = () => {};
    const sink = system.spawn<Add>(() => ({ by }) => {
      back += by;
      if (back % actors === 0) done();
    }, { mailboxMax: actors });
    const message: Add = { by: 1 };
    const all = Array.from({ length: actors }, () => system.spawn<Add>(() => (each) => void sink.tell(each)));
    return 2 * rounds * actors / await seconds(async () => {
      for (let round = 0; round < rounds; round++) {
        const { promise, resolve } = Promise.withResolvers<void>();
        done = resolve;
        for (const actor of all) actor.tell(message);
        await promise;
      }
    });
  });
}

/** The same among bare mailboxes. */
export async function bareFanOut(actors: number, rounds: number): Promise<number> {
  let back = 0;
  let done = () => {};
  const sink = bareActor<Add>(({ by }) => {
    back += by;
    if (back % actors === 0) done();
  });
  const message: Add = { by: 1 };
  const all = Array.from({ length: actors }, () => bareActor<Add>((each) => sink.tell(each)));
  return 2 * rounds * actors / await seconds(async () => {
    for (let round = 0; round < rounds; round++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      done = resolve;
      for (const actor of all) actor.tell(message);
      await promise;
    }
  });
}
