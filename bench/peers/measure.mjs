// deno-lint-ignore-file no-console -- bench/peers/run.ts reads it
/** What the peers on Node share: rounds after a warm-up, and one JSON object a figure. */

export const burst = 4096;

/** Measures `work`, which does `count` of something, a few times after a warm-up. */
export async function report(name, unit, count, work, rounds = 3) {
  const values = [];
  for (let round = -1; round < rounds; round++) {
    const start = performance.now();
    await work();
    if (round >= 0) values.push(count / (performance.now() - start) * 1000);
  }
  console.log(JSON.stringify({ name, unit, values }));
}

/** Calls `send` a burst at a time; `onDrained` is given what to call when a burst has been handled. */
export async function inBursts(count, send, onDrained) {
  for (let sent = 0; sent < count; sent += burst) {
    await new Promise((resolve) => {
      onDrained(resolve);
      for (let index = 0; index < burst; index++) send();
    });
  }
}
