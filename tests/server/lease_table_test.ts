import { assert, assertEquals, assertStrictEquals } from "jsr:@std/assert@^1";
import { createLeaseTable, type Ending, wanting } from "../../server/lease_table.ts";
import type { AttemptFailure } from "../../job/types.ts";

const payload = new Uint8Array();
const ending = (kind: AttemptFailure["kind"], node: string): Ending => ({
  ...{ node, at: 7, failure: { kind, name: "Error", message: "boom" } },
});
const lost = (node: string): Ending => ending("node-lost", node);

Deno.test("lease table finds an attempt only for the node and the number that it was granted with", () => {
  const table = createLeaseTable({ maxAttempts: 3, maxNodeLosses: 5 });
  const lease = table.add(7, payload);
  assertStrictEquals(table.find("a", 7, 0), undefined);
  const attempt = table.grant(lease, "a", 0);
  assertStrictEquals(table.find("a", 7, 1), attempt);
  assertStrictEquals(table.find("b", 7, 1), undefined);
  assertStrictEquals(table.find("a", 7, 2), undefined);
  assertStrictEquals(table.find("a", 8, 1), undefined);
});

Deno.test("lease table takes one result a task, whichever attempt brings it first", () => {
  const table = createLeaseTable({ maxAttempts: 3, maxNodeLosses: 5 });
  const lease = table.add(0, payload);
  table.grant(lease, "a", 0);
  assertEquals(table.orphan("a", lost("a")), [{ lease, verdict: "retry" }]);
  table.grant(lease, "b", 1);
  assert(table.find("a", 0, 1), "the lost node may still bring its result");
  assert(table.find("b", 0, 2));
  table.settle(lease, 8);
  assertStrictEquals(table.find("a", 0, 1), undefined);
  assertStrictEquals(table.find("b", 0, 2), undefined, "the same result again");
  table.remove(lease);
  assertStrictEquals(table.get(0), undefined);
  assertEquals(table.counts, { open: 0, settled: 0, live: 0 });
});

Deno.test("lease table counts attempts exactly: the last allowed failure is final", () => {
  for (const maxAttempts of [1, 2, 3, 10]) {
    const table = createLeaseTable({ maxAttempts, maxNodeLosses: 0 });
    const lease = table.add(0, payload);
    for (let number = 1; number <= maxAttempts; number++) {
      const attempt = table.grant(lease, "a", 0);
      assertEquals(attempt.number, number);
      assertEquals(table.failed(attempt, ending("error", "a")), number === maxAttempts ? "failed" : "retry");
    }
  }
});

Deno.test("lease table keeps the budgets of errors, lost nodes and returned tasks apart", () => {
  const table = createLeaseTable({ maxAttempts: 2, maxNodeLosses: 1 });
  const lease = table.add(0, payload);
  for (let round = 0; round < 20; round++) {
    assertEquals(table.failed(table.grant(lease, "a", 0), ending("handed-back", "a")), "retry");
    table.grant(lease, "a", 0);
    assertEquals(table.orphan("a"), [{ lease, verdict: "retry" }]);
  }
  assertEquals(table.failed(table.grant(lease, "a", 0), ending("timeout", "a")), "retry");
  table.grant(lease, "b", 0);
  assertEquals(table.orphan("b", lost("b")), [{ lease, verdict: "retry" }]);
  table.grant(lease, "c", 0);
  assertEquals(table.orphan("c", lost("c")), [{ lease, verdict: "failed" }]);
  assertEquals([lease.errors, lease.losses], [1, 2]);
});

Deno.test("lease table takes a node back with what it held, and its loss is forgiven", () => {
  const table = createLeaseTable({ maxAttempts: 2, maxNodeLosses: 1 });
  const lease = table.add(0, payload);
  table.grant(lease, "a", 0);
  for (let round = 0; round < 5; round++) {
    assertEquals(table.orphan("a", lost("a")), [{ lease, verdict: "retry" }]);
    assertEquals(table.heldBy("a"), []);
    assertEquals(wanting(lease), 1);
    const attempt = table.adopt(lease, "a", 1, 7);
    assertEquals(table.heldBy("a"), [attempt]);
    assertEquals([wanting(lease), lease.losses, lease.lastAttempt], [0, 0, 1]);
  }
  assertStrictEquals(table.adopt(lease, "a", 1, 9), table.find("a", 0, 1), "once more changes nothing");
  table.adopt(lease, "stranger", 5, 0);
  assertEquals(table.grant(lease, "b", 0).number, 6, "numbers never repeat");
});

Deno.test("lease table keeps lost nodes as evidence, until they are back with their attempt", () => {
  const table = createLeaseTable({ maxAttempts: 3, maxNodeLosses: 1 });
  const lease = table.add(0, payload);
  const told = () => lease.evidence.map(({ attempt, node, failure }) => `${attempt} ${node} ${failure.kind}`);
  table.failed(table.grant(lease, "a", 0), ending("error", "a"));
  table.grant(lease, "b", 0);
  table.orphan("b", lost("b"));
  table.grant(lease, "c", 0);
  table.orphan("c");
  assertEquals([told(), lease.losses], [["1 a error", "2 b node-lost"], 1]);
  table.adopt(lease, "c", 3, 0);
  assertEquals([told().length, lease.losses], [2, 1], "a node that was not lost has nothing to be forgiven");
  table.adopt(lease, "b", 2, 0);
  assertEquals([told(), lease.losses], [["1 a error"], 0]);
});

Deno.test("lease table tells an attempt that is made again from one that was only believed lost", () => {
  const table = createLeaseTable({ maxAttempts: 3, maxNodeLosses: 5 });
  const lease = table.add(0, payload);
  table.grant(lease, "a", 0);
  table.orphan("a", lost("a"));
  assert(lease.isRetry);
  table.adopt(lease, "a", 1, 0);
  assert(!lease.isRetry);
  const copy = table.grant(lease, "b", 0);
  assertEquals(table.failed(copy, ending("error", "b")), "under way");
  assert(!lease.isRetry, "the first attempt goes on");
});

Deno.test("lease table goes on with the attempts that are left when one of several ends", () => {
  const table = createLeaseTable({ maxAttempts: 3, maxNodeLosses: 0 });
  const lease = table.add(0, payload);
  const [first, second] = [table.grant(lease, "a", 0), table.grant(lease, "b", 0)];
  assertEquals(table.failed(first, ending("error", "a")), "under way");
  assertEquals(table.failed(second, ending("error", "b")), "retry");
  assertEquals(lease.triedBy, ["a", "b"]);
  assertEquals(lease.evidence.map(({ node, attempt }) => [node, attempt]), [["a", 1], ["b", 2]]);
});

Deno.test("lease table forgets pinned tasks with their node and keeps those of others", () => {
  const table = createLeaseTable({ maxAttempts: 2, maxNodeLosses: 5 });
  const [first, second] = [table.add(0, payload, { pinnedTo: "a" }), table.add(1, payload, { pinnedTo: "b" })];
  table.grant(first, "a", 0);
  const kept = table.grant(second, "b", 0);
  assertEquals(table.orphan("a", lost("a")), [{ lease: first, verdict: "forgotten" }]);
  assertStrictEquals(table.get(0), undefined);
  assertStrictEquals(table.find("b", 1, 1), kept);
  assertEquals(table.counts, { open: 1, settled: 0, live: 1 });
});

Deno.test("lease table keeps its counts and its lists in step through random histories", () => {
  let seed = 1;
  const random = (bound: number) => (seed = (seed * 48_271) % 2_147_483_647) % bound;
  const table = createLeaseTable({ maxAttempts: 1e9, maxNodeLosses: 1e9 });
  const nodes = ["a", "b", "c"];
  const tasks = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    const task = random(50);
    const lease = table.get(task);
    assertEquals(lease !== undefined, tasks.has(task));
    if (!lease) {
      table.add(task, payload);
      tasks.add(task);
    } else if (lease.state === "settled") {
      if (random(2)) table.reopen(lease, ending("decode", "a"));
      else {
        table.remove(lease);
        tasks.delete(task);
      }
    } else if (lease.attempts.length === 0 || random(3) === 0) table.grant(lease, nodes[random(3)], step);
    else {
      const attempt = lease.attempts[random(lease.attempts.length)];
      const choice = random(4);
      if (choice === 0) table.settle(lease, 1);
      else if (choice === 1) table.adopt(lease, attempt.node, attempt.number, step);
      else table.failed(attempt, ending("error", attempt.node));
    }
    if (random(100) === 0) table.orphan(nodes[random(3)], lost("a node"));
    const { open, settled, live } = table.counts;
    assertEquals(open + settled, tasks.size);
    const held = nodes.flatMap((node) => table.heldBy(node));
    assertEquals([held.length, [...table.live()].length], [live, live]);
    assert(held.every((one) => one.state === "live" && one.lease.attempts.includes(one)));
  }
});
