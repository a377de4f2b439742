/**
 * The actor runtime within one process, beside bare mailboxes.
 *
 * @module
 */
import { type Benchmark, type Figure, figure, inTurn, seconds } from "./figures.ts";
import { ask, bareAsk, bareFanOut, barePingPong, bareTell, fanOut, pingPong, tell, withSystem } from "./messages.ts";
import { saturatedEcho } from "./saturated_echo.ts";

const fanOutActors = 10_000;

/** Starts actors and stops them, each waited for. @returns actors a second */
export function spawnAndStop(count: number): Promise<number> {
  return withSystem(async (system) => {
    const elapsed = await seconds(async () => {
      const refs = Array.from({ length: count }, () => system.spawn(() => () => {}));
      await Promise.all(refs.map((ref) => system.stop(ref)));
    });
    return count / elapsed;
  });
}

/** @returns bytes of heap that an actor holds which has handled one message and waits */
function idleMemory(count: number, collectGarbage: () => void): Promise<number> {
  return withSystem(async (system) => {
    collectGarbage();
    const before = Deno.memoryUsage().heapUsed;
    const { promise, resolve } = Promise.withResolvers<void>();
    let handled = 0;
    const refs = Array.from({ length: count }, () =>
      system.spawn<number>(() => {
        let total = 0;
        return (by) => {
          total += by;
          if (++handled === count) resolve();
        };
      }));
    for (const ref of refs) ref.tell(1);
    await promise;
    collectGarbage();
    return (Deno.memoryUsage().heapUsed - before) / count;
  });
}

async function memoryFigures(rounds: number): Promise<{ figures: Figure[]; skipped: string[] }> {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc) return { figures: [], skipped: ["memory of an idle actor: start Deno with --v8-flags=--expose-gc"] };
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) values.push(await idleMemory(100_000, gc));
  return { figures: [figure("an idle actor of 100 000", "bytes", values)], skipped: [] };
}

/** The actor runtime. */
export const actors: Benchmark = async function* ({ quick }) {
  const rounds = quick ? 3 : 7;
  const size = quick ? 1 : 4;
  const compare = async (name: string, own: () => Promise<number>, bare: () => Promise<number>) => {
    const ways = [{ name: `${name}, bare mailbox`, measure: bare }, {
      name,
      measure: own,
      against: `${name}, bare mailbox`,
    }];
    return await inTurn("messages/s", rounds, ways);
  };
  yield {
    title: "messages within one process",
    figures: [
      ...await compare("one-way tell", () => tell(512 * size), () => bareTell(512 * size)),
      ...await compare("ping-pong", () => pingPong(500_000 * size), () => barePingPong(500_000 * size)),
      ...await compare("ask", () => ask(200 * size), () => bareAsk(200 * size)),
      ...await compare(
        "fan-out to 10 000 actors and back",
        () => fanOut(fanOutActors, 20 * size),
        () => bareFanOut(fanOutActors, 20 * size),
      ),
    ],
  };
  yield {
    title: "life of actors",
    figures: await inTurn("actors/s", rounds, [{ name: "spawn and stop", measure: () => spawnAndStop(20_000 * size) }]),
  };
  yield { title: "memory", ...await memoryFigures(quick ? 3 : 5) };
  yield { title: "TCP echo of 16 bytes by the process of the actors", figures: await saturatedEcho({ quick }) };
};
