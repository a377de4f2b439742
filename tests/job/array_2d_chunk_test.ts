import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { Array2D } from "../../job/array_2d.ts";
import { Array2DChunk } from "../../job/array_2d_chunk.ts";
import { createChunkGrid } from "../../job/chunk_grid.ts";

const rectangles = (width: number, height: number, chunkWidth: number, chunkHeight: number) =>
  [...createChunkGrid({ width, height, chunkWidth, chunkHeight })].map((c) => [c.id, c.x, c.y, c.width, c.height]);

Deno.test("createChunkGrid numbers chunks row by row and leaves remainders at the edges", () => {
  assertEquals(rectangles(5, 3, 2, 2), [
    [0, 0, 0, 2, 2],
    [1, 2, 0, 2, 2],
    [2, 4, 0, 1, 2],
    [3, 0, 2, 2, 1],
    [4, 2, 2, 2, 1],
    [5, 4, 2, 1, 1],
  ]);
});

Deno.test("createChunkGrid allows one chunk as large as the whole, or larger", () => {
  assertEquals(rectangles(5, 3, 5, 3), [[0, 0, 0, 5, 3]]);
  assertEquals(rectangles(5, 3, 9, 9), [[0, 0, 0, 5, 3]]);
});

Deno.test("createChunkGrid covers every cell exactly once", () => {
  for (let width = 1; width <= 7; width++) {
    for (let chunk = 1; chunk <= 8; chunk++) {
      const covered = Array2D.create(Uint8Array, width, 6);
      for (const [, x, y, w, h] of rectangles(width, 6, chunk, 9 - chunk)) {
        for (let row = y; row < y + h; row++) for (let col = x; col < x + w; col++) covered.row(row)[col]++;
      }
      assertEquals(covered.data, new Uint8Array(width * 6).fill(1));
    }
  }
});

Deno.test("createChunkGrid knows no chunk outside its numbers, and no sides below 1", () => {
  const grid = createChunkGrid({ width: 4, height: 4, chunkWidth: 2, chunkHeight: 2 });
  for (const id of [-1, 4, 0.5, NaN]) assertThrows(() => grid.at(id), RangeError, `No chunk ${id}: there are 4`);
  assertThrows(() => rectangles(0, 1, 1, 1), RangeError, "width 0");
  assertThrows(() => rectangles(1, 1, 1, 2.5), RangeError, "chunkHeight 2.5");
});

Deno.test("Array2DChunk puts a whole together from its chunks, and takes it apart again", () => {
  const source = Array2D.create(Int16Array, 7, 5);
  source.data.forEach((_, index) => source.data[index] = index * 3 - 20);
  const parts = Array2DChunk.from(source, { chunkWidth: 3, chunkHeight: 2 });
  const whole = Array2DChunk.create(Int16Array, parts.grid);
  for (const { id } of parts.grid) whole.setChunk(id, parts.getChunk(id).toData());
  assertEquals(parts.grid.count, 9);
  assertEquals(whole.array.data, source.data);
});

Deno.test("Array2DChunk refuses cells of other sides and leaves the chunk as it was", () => {
  const whole = Array2DChunk.create(Uint8Array, { width: 4, height: 4, chunkWidth: 3, chunkHeight: 4 });
  const tile = Array2D.create(Uint8Array, 3, 4).fill(1);
  assertThrows(() => whole.setChunk(1, tile), RangeError, "Cannot set chunk 1 of 1 x 4 to 3 x 4 cells");
  assertThrows(() => whole.setChunk(2, tile), RangeError, "No chunk 2");
  assertThrows(() => whole.setChunk(0, { width: 3, height: 4, data: new Uint8Array(11) }), RangeError, "from 11 cells");
  assertEquals(whole.array.data, new Uint8Array(16));
});
