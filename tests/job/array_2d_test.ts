import { assertEquals, assertStrictEquals, assertThrows } from "jsr:@std/assert@^1";
import { Array2D } from "../../job/array_2d.ts";

Deno.test("Array2D keeps what is set, row by row, in a typed array", () => {
  const array = Array2D.create(Uint16Array, 3, 2);
  array.set(2, 0, 7);
  array.set(0, 1, 9);
  assertEquals(array.get(2, 0), 7);
  assertEquals(array.data, new Uint16Array([0, 0, 7, 9, 0, 0]));
});

Deno.test("Array2D does not wrap a column that is too large into the next row", () => {
  const array = Array2D.create(Float64Array, 3, 2);
  assertThrows(() => array.get(3, 0), RangeError, "No cell (3, 0): the array is 3 x 2");
  assertThrows(() => array.set(3, 0, 1), RangeError);
  assertEquals(array.data, new Float64Array(6));
});

Deno.test("Array2D has no cells at negative, fractional or too large places", () => {
  const array = Array2D.create(Float64Array, 3, 2);
  for (const [x, y] of [[-1, 0], [0, -1], [0, 2], [0.5, 0], [0, NaN]]) assertThrows(() => array.get(x, y), RangeError);
  assertThrows(() => array.row(2), RangeError);
});

Deno.test("Array2D cannot be made with sides that are not whole numbers from 1", () => {
  for (const side of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => Array2D.create(Uint8Array, side, 1), RangeError, `width ${side}`);
    assertThrows(() => Array2D.create(Uint8Array, 1, side), RangeError, `height ${side}`);
  }
});

Deno.test("Array2D gives its rows as views", () => {
  const array = Array2D.create(Int32Array, 2, 3).fill(1);
  for (const row of array.rows()) row[0] = 5;
  array.row(2)[1] = 8;
  assertEquals([...array.data], [5, 1, 5, 1, 5, 8]);
});

Deno.test("Array2D copies regions in and out", () => {
  const array = Array2D.create(Uint8Array, 4, 3);
  const patch = Array2D.from({ width: 2, height: 2, data: new Uint8Array([1, 2, 3, 4]) });
  array.setRegion(2, 1, patch);
  assertEquals([...array.data], [0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4]);
  const copy = array.getRegion(1, 1, 3, 2);
  assertEquals([copy.width, copy.height, ...copy.data], [3, 2, 0, 1, 2, 0, 3, 4]);
  copy.set(1, 0, 99);
  assertEquals(array.get(2, 1), 1);
});

Deno.test("Array2D leaves every cell as it was when a region does not fit", () => {
  const array = Array2D.create(Uint8Array, 4, 3);
  const patch = Array2D.create(Uint8Array, 2, 2).fill(1);
  for (const [x, y] of [[3, 0], [0, 2], [-1, 0], [0, 0.5]]) {
    assertThrows(() => array.setRegion(x, y, patch), RangeError, "the array is 4 x 3");
  }
  assertThrows(() => array.getRegion(0, 0, 5, 1), RangeError, "No region of 5 x 1 at (0, 0)");
  assertEquals(array.data, new Uint8Array(12));
});

Deno.test("Array2D holds bigints", () => {
  const array = Array2D.create(BigInt64Array, 2, 1).fill(-1n);
  array.set(0, 0, 2n ** 62n);
  assertEquals([...array.getRegion(0, 0, 2, 1).data], [2n ** 62n, -1n]);
});

Deno.test("Array2D survives being plain data", () => {
  const array = Array2D.create(Float32Array, 2, 2).fill(0.5);
  const again = Array2D.from(structuredClone(array.toData()));
  assertEquals([again.width, again.height, again.get(1, 1)], [2, 2, 0.5]);
  assertStrictEquals(Array2D.from(array.toData()).data, array.data);
});

Deno.test("Array2D refuses plain data whose cells do not fill it", () => {
  const data = new Uint8Array(5);
  assertThrows(() => Array2D.from({ width: 2, height: 2, data }), RangeError, "Array2D of 2 x 2 from 5 cells");
  assertThrows(() => Array2D.create(Uint8Array, 9, 9).setRegion(0, 0, { width: 2, height: 2, data }), RangeError);
});
