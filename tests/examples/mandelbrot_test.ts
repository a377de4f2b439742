import { assert, assertEquals, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { decode } from "npm:fast-png@^8";
import { colour, encodePicture } from "../../examples/mandelbrot/image.ts";
import tileJob from "../../examples/mandelbrot/job.ts";
import { countIterations, type Counts, sumOf } from "../../examples/mandelbrot/kernel.ts";
import { defaultOptions } from "../../examples/mandelbrot/options.ts";
import chunkJob from "../../examples/mandelbrot_chunks/job.ts";
import { fillJobOptions } from "../../job/mod.ts";
import type { Job } from "../../job/mod.ts";
import { drive } from "./drive.ts";

interface Complex {
  readonly re: number;
  readonly im: number;
}
const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
const multiply = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
const squaredLength = ({ re, im }: Complex) => re * re + im * im;

/** By the definition, one complex number after the other. */
function naiveCount(x: number, y: number, size: number, maxIterations: number): number {
  const c = { re: -2 + x * (3 / size), im: -1.5 + y * (3 / size) };
  let z: Complex = c;
  let count = 0;
  for (; squaredLength(z) <= 4 && count < maxIterations; count++) z = add(multiply(z, z), c);
  return count;
}

function naivePicture(size: number, maxIterations: number): number[] {
  return Array.from(
    { length: size * size },
    (_, index) => naiveCount(index % size, Math.floor(index / size), size, maxIterations),
  );
}

const whole = (size: number, maxIterations: number): Counts =>
  countIterations({ x: 0, y: 0, width: size, height: size }, size, maxIterations);

async function inFolder(call: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await call(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("countIterations counts what the definition counts", () => {
  for (const [size, maxIterations] of [[64, 300], [50, 1], [7, 70_000]]) {
    assertEquals([...whole(size, maxIterations)], naivePicture(size, maxIterations));
  }
});

Deno.test("countIterations gives a tile the counts that it has within the whole", () => {
  const tile = countIterations({ x: 30, y: 11, width: 9, height: 5 }, 60, 200);
  const picture = naivePicture(60, 200);
  for (let y = 0; y < 5; y++) {
    assertEquals([...tile.subarray(y * 9, y * 9 + 9)], picture.slice((11 + y) * 60 + 30, (11 + y) * 60 + 39));
  }
});

Deno.test("countIterations halves its bytes where the counts allow it", () => {
  assert(whole(2, 65_535) instanceof Uint16Array);
  assert(whole(2, 65_536) instanceof Uint32Array);
});

Deno.test("colour is black inside the set, and blue and brighter towards it outside", () => {
  const pixels = colour(whole(300, 500), 300, 500);
  const at = (x: number, y: number) => [...pixels.subarray((y * 300 + x) * 3, (y * 300 + x) * 3 + 3)];
  assertEquals(at(200, 150), [0, 0, 0]);
  const [far, near] = [at(20, 20), at(130, 100)];
  for (const [red, , blue] of [far, near]) assert(blue > red);
  assert(near[1] > far[1]);
});

Deno.test("a picture's PNG holds its size and colours", () => {
  const counts = whole(40, 100);
  const png = decode(encodePicture(counts, 40, 100));
  assertEquals([png.width, png.height, png.channels, png.depth], [40, 40, 3, 8]);
  assertEquals([...png.data], [...colour(counts, 40, 100)]);
});

for (const job of [tileJob, chunkJob] as Job[]) {
  Deno.test(`${job.name} draws the whole picture from tiles, also where they do not divide it`, async () => {
    await inFolder(async (folder) => {
      for (const [size, maxIterations, chunk] of [[50, 120, 16], [33, 70_000, 33], [20, 60, 500]]) {
        const out = `${folder}/picture-${chunk}.png`;
        const counts = whole(size, maxIterations);
        const text = await drive(job, { size, maxIterations, chunk, out });
        assertEquals(text, `iterations total: ${sumOf(counts)}\npicture: ${out} (${size} x ${size})`);
        const png = decode(await Deno.readFile(out));
        assertEquals([png.width, png.height], [size, size]);
        assertEquals(png.data, colour(counts, size, maxIterations));
      }
    });
  });

  Deno.test(`${job.name} says so before any work if it could not write the picture`, async () => {
    await inFolder(async (folder) => {
      const out = `${folder}/missing/picture.png`;
      const message = `Cannot write ${out}: there is no folder ${folder}/missing; make it, or name another file`;
      await assertRejects(() => drive(job, { size: 4, out }), Error, message);
    });
  });

  Deno.test(`${job.name} says so if the folder is gone when the picture is done`, async () => {
    await inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/gone`);
      const out = `${folder}/gone/picture.png`;
      const vanishing: Job = {
        ...job,
        book(options, context) {
          const book = job.book(options, context);
          return { ...book, close: () => Deno.remove(`${folder}/gone`) };
        },
      };
      await assertRejects(() => drive(vanishing, { size: 4, maxIterations: 9, out }), Error, "there is no folder");
    });
  });

  Deno.test(`${job.name} refuses options that no picture can have`, async () => {
    for (const [name, flag] of [["size", "--size"], ["maxIterations", "--max-iterations"], ["chunk", "--chunk"]]) {
      const message = `Cannot draw with ${flag} 0.5: it must be a whole number from 1`;
      await assertRejects(() => drive(job, { [name]: 0.5 }), RangeError, message);
    }
  });
}

Deno.test("mandelbrot takes no tile of another size", async () => {
  const options = fillJobOptions(defaultOptions, { size: 8, chunk: 4 });
  const book = tileJob.book(options, { log: () => {}, changed: () => {}, send: () => 0 });
  const { data: task } = await book.next("a") as { readonly data: unknown };
  assertThrows(() => book.collect("a", new Uint16Array(15), task), RangeError, "4 x 4 from 15 cells");
});

Deno.test("mandelbrot-chunks takes no chunk of another size, and leaves it unfinished", async () => {
  const options = fillJobOptions(defaultOptions, { size: 8, chunk: 8 });
  const book = chunkJob.book(options, { log: () => {}, changed: () => {}, send: () => 0 });
  await book.next("a");
  const counts = { width: 4, height: 4, data: new Uint16Array(16) };
  const message = "Cannot set chunk 0 of 8 x 8 to 4 x 4 cells";
  assertThrows(() => book.collect("a", { id: 0, counts }, undefined), RangeError, message);
  await book.lost(["a"]);
  assertEquals((await book.next("b")).status, "unfinished");
});
