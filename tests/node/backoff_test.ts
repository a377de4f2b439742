import { assert, assertEquals } from "jsr:@std/assert@^1";
import { createRandom } from "../../actors/mod.ts";
import { backoffMs } from "../../node/backoff.ts";

const atMost = { next: () => 1 - Number.EPSILON };

Deno.test("backoff doubles its bound with each failure up to a minute", () => {
  const bounds = [0, 1, 2, 3, 7, 50, 5000].map((failures) => Math.round(backoffMs(failures, 1000, atMost)));
  assertEquals(bounds, [1000, 1000, 2000, 4000, 60_000, 60_000, 60_000]);
});

Deno.test("backoff is spread over the whole of its range", () => {
  const random = createRandom(7);
  const waits = Array.from({ length: 1000 }, () => backoffMs(3, 1000, random));
  for (let quarter = 0; quarter < 4; quarter++) {
    const inside = waits.filter((wait) => wait >= quarter * 1000 && wait < (quarter + 1) * 1000).length;
    assert(inside > 180 && inside < 320, `${inside} of 1000 waits in quarter ${quarter}`);
  }
});
