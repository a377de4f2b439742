import { assertEquals } from "jsr:@std/assert@^1";
import type { ResultEntry } from "../../actors/remote/protocol.ts";
import { takeSpare } from "../../actors/remote/spare_buffers.ts";
import { createRetained } from "../../node/retained.ts";

const result = (task: number, attempt: number, elapsedMs = 1): ResultEntry => {
  return { task, attempt, status: "ok", elapsedMs, payload: new Uint8Array(1) };
};

Deno.test("results are kept by attempt, until those attempts are named", () => {
  const retained = createRetained();
  retained.add([result(7, 1), result(8, 1), result(7, 2), result(7, 3)]);
  assertEquals(retained.count(), 4);
  retained.forget([{ task: 7, attempt: 2 }, { task: 8, attempt: 1 }, { task: 8, attempt: 1 }, { task: 9, attempt: 1 }]);
  assertEquals(retained.all(), [result(7, 1), result(7, 3)]);
  retained.forget(retained.all());
  assertEquals([retained.count(), retained.all()], [0, []]);
});

Deno.test("a result that comes again takes the place of the one before", () => {
  const retained = createRetained();
  retained.add([result(1, 1), result(2, 1)]);
  retained.add([result(1, 1, 99)]);
  assertEquals(retained.count(), 2);
  assertEquals(retained.all().find(({ task }) => task === 1)?.elapsedMs, 99);
  retained.clear();
  assertEquals(retained.count(), 0);
});

Deno.test("the buffer of a large result is taken back when it is forgotten, and not when it is sent again", () => {
  const retained = createRetained();
  const payload = new Uint8Array(2 ** 20);
  retained.add([{ ...result(1, 1), payload }]);
  retained.add(retained.all());
  assertEquals(payload.length, 2 ** 20);
  retained.forget([{ task: 1, attempt: 1 }]);
  assertEquals(takeSpare()?.byteLength, 2 ** 20);
  assertEquals(payload.length, 0);
});
