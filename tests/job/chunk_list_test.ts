import { assert, assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { createChunkGrid } from "../../job/chunk_grid.ts";
import { ChunkList } from "../../job/chunk_list.ts";
import { JobError } from "../../job/errors.ts";

const [a, b] = ["00000000000000aa", "00000000000000bb"];

Deno.test("ChunkList gives out each chunk once, in order, and then none", () => {
  const list = ChunkList.of(["x", "y"]);
  assertEquals(list.next(a), { id: 0, data: "x", state: "processing", node: a });
  assertEquals(list.next(b)?.id, 1);
  assertEquals(list.next(a), undefined);
  assertEquals(list.stats, { empty: 0, processing: 2, finished: 0 });
});

Deno.test("ChunkList is made of a grid's chunks", () => {
  const list = ChunkList.of(createChunkGrid({ width: 5, height: 1, chunkWidth: 3, chunkHeight: 1 }));
  assertEquals(list.get(1), { id: 1, data: { id: 1, x: 3, y: 0, width: 2, height: 1 }, state: "empty" });
});

Deno.test("ChunkList is finished when every chunk is, also those pushed meanwhile", () => {
  const list = ChunkList.of(["x"]);
  assertEquals(list.allFinished, false);
  list.finish(list.next(a)!.id, a);
  assertEquals([list.allFinished, list.isFinished(0)], [true, true]);
  assertEquals(list.push("y"), 1);
  assertEquals([list.allFinished, list.isFinished(1)], [false, false]);
  assertEquals(list.next(b)?.data, "y");
});

Deno.test("ChunkList stores a result before it takes the chunk as finished", () => {
  const list = ChunkList.of(["x"]);
  list.next(a);
  const states: string[] = [];
  list.finish(0, a, ({ id }) => states.push(list.get(id).state));
  assertEquals([...states, list.get(0).state], ["processing", "finished"]);
});

Deno.test("ChunkList leaves a chunk unfinished when its result cannot be stored", () => {
  const list = ChunkList.of(["x"]);
  list.next(a);
  const store = () => {
    throw new Error("wrong size");
  };
  assertThrows(() => list.finish(0, a, store), Error, "wrong size");
  assertEquals(list.stats, { empty: 0, processing: 1, finished: 0 });
  list.release(0, a);
  assertEquals(list.next(b)?.id, 0);
});

Deno.test("ChunkList takes nothing from a node that does not have the chunk", () => {
  const list = ChunkList.of(["x", "y"]);
  list.next(a);
  let stored = 0;
  const refuse = (id: number, node: string, why: string) => {
    const error = assertThrows(() => list.finish(id, node, () => stored++), JobError, why);
    assertEquals(error.code, "chunk-not-held");
    assertThrows(() => list.release(id, node), JobError, why);
  };
  refuse(0, b, `it is with node ${a}`);
  refuse(1, a, "it is empty");
  list.finish(0, a);
  refuse(0, a, "it is finished");
  for (const id of [-1, 2, 0.5, NaN]) {
    assertThrows(() => list.finish(id, a), RangeError, `No chunk ${id}`);
    assertThrows(() => list.get(id), RangeError);
    assertThrows(() => list.isFinished(id), RangeError);
  }
  assertEquals([stored, list.stats], [0, { empty: 1, processing: 0, finished: 1 }]);
});

Deno.test("ChunkList frees the unfinished chunks of lost nodes, and only those", () => {
  const list = ChunkList.of(["w", "x", "y", "z"]);
  for (const node of [a, b, a]) list.next(node);
  list.finish(0, a);
  assertEquals(list.heartbeatTimeout([a, "00000000000000cc"]), 1);
  assertEquals(list.stats, { empty: 2, processing: 1, finished: 1 });
  assertEquals([list.next(b)?.id, list.next(b)?.id, list.next(b)?.id], [2, 3, undefined]);
  assertEquals(list.heartbeatTimeout([a]), 0);
});

Deno.test("ChunkList goes on from plain data with what was with nodes free again", () => {
  const list = ChunkList.of(["x", "y", "z"]);
  for (const node of [a, b]) list.next(node);
  list.finish(1, b);
  const again = ChunkList.restore(structuredClone(list.save()));
  assertEquals(again.stats, { empty: 2, processing: 0, finished: 1 });
  assertEquals([again.next(a)?.data, again.next(a)?.data, again.next(a)], ["x", "z", undefined]);
  assertThrows(() => ChunkList.restore({ chunks: ["x"], finished: [1] }), RangeError, "No chunk 1");
});

Deno.test("ChunkList loses and doubles no chunk, whatever nodes do", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  const list = ChunkList.of(Array.from({ length: 200 }, (_, index) => index));
  const held = new Map<number, string>();
  const done = new Set<number>();
  for (let step = 0; step < 100_000 && !list.allFinished; step++) {
    const node = String(random(5));
    const mine = [...held].filter(([, holder]) => holder === node).map(([id]) => id);
    const choice = random(10);
    if (choice === 0) {
      assertEquals(list.heartbeatTimeout([node]), mine.length);
      for (const id of mine) held.delete(id);
    } else if (choice < 5 && mine.length > 0) {
      list.finish(mine[0], node);
      held.delete(mine[0]);
      done.add(mine[0]);
    } else {
      const chunk = list.next(node);
      if (!chunk) continue;
      assert(!held.has(chunk.id) && !done.has(chunk.id));
      held.set(chunk.id, node);
    }
    assertEquals(list.stats, { empty: 200 - held.size - done.size, processing: held.size, finished: done.size });
  }
  assertEquals(done.size, 200);
});
