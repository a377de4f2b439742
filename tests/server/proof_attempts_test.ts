import { assertEquals } from "jsr:@std/assert@^1";
import { createProofAttempts } from "../../server/proof_attempts.ts";

function attemptsAt() {
  const clock = { nowMs: 0 };
  return { clock, attempts: createProofAttempts(() => clock.nowMs) };
}

Deno.test("five wrong proofs cost nothing, each further one twice the wait, up to a minute", () => {
  const { clock, attempts } = attemptsAt();
  const waits = Array.from({ length: 14 }, () => {
    attempts.failed("10.0.0.1");
    const waitMs = attempts.waitMs("10.0.0.1");
    clock.nowMs += waitMs;
    return waitMs;
  });
  const seconds = [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60];
  assertEquals(waits, seconds.map((wait) => wait * 1_000));
  assertEquals([attempts.waitMs("10.0.0.1"), attempts.waitMs("10.0.0.2")], [0, 0]);
});

Deno.test("a right proof, or ten quiet minutes, clear an address", () => {
  const { clock, attempts } = attemptsAt();
  const failOften = () => {
    for (let i = 0; i < 6; i++) attempts.failed("a");
  };
  failOften();
  attempts.proven("a");
  assertEquals(attempts.waitMs("a"), 0);
  failOften();
  assertEquals(attempts.waitMs("a"), 1_000);
  clock.nowMs += 1_000 + 600_000;
  attempts.failed("a");
  assertEquals(attempts.waitMs("a"), 0);
});

Deno.test("of many addresses only so many are remembered", () => {
  const { attempts } = attemptsAt();
  for (let i = 0; i < 6; i++) attempts.failed("first");
  for (let i = 0; i < 1_023; i++) attempts.failed(`other ${i}`);
  assertEquals(attempts.waitMs("first"), 1_000);
  attempts.failed("one more");
  assertEquals(attempts.waitMs("first"), 0);
});
