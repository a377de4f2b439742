import { assert, assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { createRandom, systemClock } from "../../actors/mod.ts";

Deno.test("seeded randomness repeats itself, and differs with the seed", () => {
  const draw = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 20 }, random.next);
  };
  assertEquals(draw(1), draw(1));
  const all = [0, 1, 2, -1, 2 ** 31].flatMap(draw);
  assertEquals(new Set(all).size, all.length);
});

Deno.test("seeded randomness is spread evenly over [0, 1)", () => {
  const random = createRandom(42);
  const buckets = new Array(16).fill(0);
  for (let count = 0; count < 160_000; count++) buckets[Math.floor(random.next() * 16)]++;
  assertEquals(buckets.length, 16);
  // Chi squared with 15 degrees of freedom is above 37.7 once in a thousand; the seed is fixed.
  assert(buckets.reduce((sum, found) => sum + (found - 10_000) ** 2 / 10_000, 0) < 37.7);
});

Deno.test("randomness without a seed stays in [0, 1), and a seed must be an integer", () => {
  const value = createRandom().next();
  assert(value >= 0 && value < 1);
  assertThrows(() => createRandom(0.5), RangeError, "seed is 0.5");
});

Deno.test("system clock calls back after the time, never before, and not once cancelled", async () => {
  const begun = systemClock.now();
  const cancelled: string[] = [];
  const cancel = systemClock.setTimer(0.5, () => cancelled.push("fired"));
  cancel();
  // A delay beyond what the platform's timers can count must not fire at once.
  const cancelLong = systemClock.setTimer(2 ** 40, () => cancelled.push("fired"));
  await new Promise<void>((resolve) => systemClock.setTimer(1.5, resolve));
  assert(systemClock.now() - begun >= 1.5);
  cancelLong();
  assertEquals(cancelled, []);
});
