import { assert, assertEquals, assertStrictEquals } from "jsr:@std/assert@^1";
import { createLeaseTable } from "../../server/lease_table.ts";
import type { TaskFailure } from "../../actors/remote/protocol.ts";

const payload = new Uint8Array();
const failure = (kind: TaskFailure["kind"]): TaskFailure => ({ kind, name: "Error", message: "boom" });

Deno.test("lease table holds a lease only for the node and the attempt that it was granted to", () => {
  const table = createLeaseTable({ maxAttempts: 3, maxNodeLosses: 5 });
  const lease = table.add(7, payload);
  assertStrictEquals(table.held("a", 7, 0), undefined);
  table.grant(lease, "a");
  assertStrictEquals(table.held("a", 7, 1), lease);
  assertStrictEquals(table.held("b", 7, 1), undefined);
  assertStrictEquals(table.held("a", 7, 2), undefined);
  assertStrictEquals(table.held("a", 8, 1), undefined);
});

Deno.test("lease table takes one result an attempt and none of an attempt that was given up", () => {
  const table = createLeaseTable({ maxAttempts: 3, maxNodeLosses: 5 });
  const lease = table.add(0, payload);
  table.grant(lease, "a");
  table.release("a", true);
  assertStrictEquals(table.held("a", 0, 1), undefined, "the lost node's result comes too late");
  table.grant(lease, "b");
  assertStrictEquals(table.held("a", 0, 1), undefined);
  table.collecting(table.held("b", 0, 2)!);
  assertStrictEquals(table.held("b", 0, 2), undefined, "the same result again");
  table.remove(lease);
  assertStrictEquals(table.held("b", 0, 2), undefined, "and after the task has ended");
  assertEquals(table.counts, { ready: 0, granted: 0, collecting: 0 });
});

Deno.test("lease table counts attempts exactly: the last allowed failure is final", () => {
  for (const maxAttempts of [1, 2, 3, 10]) {
    const table = createLeaseTable({ maxAttempts, maxNodeLosses: 0 });
    const lease = table.add(0, payload);
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      table.grant(lease, "a");
      assertEquals(lease.attempt, attempt);
      assertEquals(table.failed(lease, failure("error")), attempt === maxAttempts ? "failed" : "retry");
    }
  }
});

Deno.test("lease table keeps the budgets of errors, lost nodes and returned tasks apart", () => {
  const table = createLeaseTable({ maxAttempts: 2, maxNodeLosses: 1 });
  const lease = table.add(0, payload);
  for (let round = 0; round < 20; round++) {
    table.grant(lease, "a");
    assertEquals(table.failed(lease, failure("handed-back")), "retry");
    table.grant(lease, "a");
    assertEquals(table.release("a", false), [{ lease, verdict: "retry" }]);
  }
  table.grant(lease, "a");
  assertEquals(table.failed(lease, failure("timeout")), "retry");
  table.grant(lease, "b");
  assertEquals(table.release("b", true), [{ lease, verdict: "retry" }]);
  table.grant(lease, "c");
  assertEquals(table.release("c", true), [{ lease, verdict: "failed" }]);
  assertEquals([lease.errors, lease.losses], [1, 2]);
});

Deno.test("lease table forgets pinned tasks with their node and keeps those of others", () => {
  const table = createLeaseTable({ maxAttempts: 2, maxNodeLosses: 5 });
  const [first, second] = [table.add(0, payload, "a"), table.add(1, payload, "b")];
  table.grant(first, "a");
  table.grant(second, "b");
  assertEquals(table.release("a", true), [{ lease: first, verdict: "forgotten" }]);
  assertStrictEquals(table.get(0), undefined);
  assertStrictEquals(table.held("b", 1, 1), second);
  assertEquals(table.counts, { ready: 0, granted: 1, collecting: 0 });
});

Deno.test("lease table keeps its counts and its lists in step through random histories", () => {
  let seed = 1;
  const random = (bound: number) => (seed = (seed * 48_271) % 2_147_483_647) % bound;
  const table = createLeaseTable({ maxAttempts: 1e9, maxNodeLosses: 1e9 });
  const nodes = ["a", "b", "c"];
  const live = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    const task = random(50);
    const lease = table.get(task);
    assertEquals(lease !== undefined, live.has(task));
    if (!lease) {
      table.add(task, payload);
      live.add(task);
    } else if (lease.state === "ready") table.grant(lease, nodes[random(3)]);
    else if (lease.state === "granted" && random(2)) table.collecting(lease);
    else if (random(3)) table.failed(lease, failure("error"));
    else {
      table.remove(lease);
      live.delete(task);
    }
    if (random(100) === 0) table.release(nodes[random(3)], true);
    const { ready, granted, collecting } = table.counts;
    assertEquals(ready + granted + collecting, live.size);
    const held = nodes.flatMap((node) => table.heldBy(node));
    assertEquals(held.length, granted);
    assert(held.every((one) => one.state === "granted"));
  }
});
