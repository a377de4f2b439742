import { assertEquals } from "jsr:@std/assert@^1";
import { createSilence, silenceCheckMs, silentBeats } from "../../node/silence.ts";

const period = silenceCheckMs(1000);
const limit = silentBeats * 1000;

Deno.test("the server counts as gone after eight silent heartbeats, and not before", () => {
  const silence = createSilence(1000, 0);
  const gone: number[] = [];
  for (let now = period; now <= 2 * limit; now += period) if (silence.tooLong(now, 0)) gone.push(now);
  assertEquals(gone[0], limit + period);
});

Deno.test("a byte received starts the silence anew", () => {
  const silence = createSilence(1000, 0);
  for (let now = period; now <= 5 * limit; now += period) {
    assertEquals(silence.tooLong(now, Math.floor(now / 1000) * 1000), false);
  }
});

Deno.test("a node that was stalled itself gives the server that much longer", () => {
  const silence = createSilence(1000, 0);
  assertEquals(silence.tooLong(period, 0), false);
  // Ten seconds in which nothing in this process ran.
  let now = period + 10_000 + period;
  assertEquals(silence.tooLong(now, 0), false);
  while (now < limit + 10_000) assertEquals(silence.tooLong(now += period, 0), false);
  assertEquals(silence.tooLong(limit + 10_500, 0), true);
});

Deno.test("what a stall added to the limit is gone with the next byte", () => {
  const silence = createSilence(1000, 0);
  let now = 60_000;
  silence.tooLong(now, 0);
  const heard = now + 100;
  while (now < heard + limit - period) assertEquals(silence.tooLong(now += period, heard), false);
  assertEquals(silence.tooLong(now += 2 * period, heard), true);
});
