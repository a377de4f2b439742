import { assertEquals } from "jsr:@std/assert@^1";
import { advance, allow, announce, announced, begunSince, claim, createClaims, revoke } from "../../node/claims.ts";

Deno.test("the I/O thread sees how many tasks a worker has begun", () => {
  const claims = createClaims();
  assertEquals(begunSince(claims, 0), 0);
  assertEquals([claim(claims, 0), claim(claims, 1)], [true, true]);
  assertEquals([begunSince(claims, 0), begunSince(claims, 1)], [2, 1]);
});

Deno.test("a revoked task cannot be begun until the worker was allowed to go on", () => {
  const claims = createClaims();
  claim(claims, 0);
  assertEquals(revoke(claims, 0), 1);
  assertEquals(claim(claims, 1), false);
  assertEquals(begunSince(claims, 0), 1);
  allow(claims);
  assertEquals(claim(claims, 1), true);
});

Deno.test("the numbers of tasks wrap around after 2^30", () => {
  const claims = createClaims();
  const last = advance(0, 2 ** 30 - 1);
  claims[0] = last;
  assertEquals(claim(claims, last), true);
  assertEquals(begunSince(claims, last), 1);
  assertEquals(claim(claims, 0), true);
  assertEquals(revoke(claims, last), 2);
});

Deno.test("announced messages are counted", () => {
  const claims = createClaims();
  announce(claims);
  announce(claims);
  assertEquals(announced(claims), 2);
});
