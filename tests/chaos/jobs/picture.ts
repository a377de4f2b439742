// deno-lint-ignore-file no-console -- prints what the tests read
import { countIterations, sumOf } from "../../../examples/mandelbrot/kernel.ts";
import { createChunkGrid, defineJob } from "../../../job/mod.ts";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const isThere = (path: string): boolean => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
};

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** How long a slow task takes between two looks whether it may end, in milliseconds. */
const tickMs = 10;

/**
 * The Mandelbrot set by tiles, without the picture: its total shows whether every tile was counted once, and once only.
 *
 * Each attempt says `computing N`, and each result collected `collected COUNT`. Tile number `slow` takes `slowMs` more
 * at its first attempt. From tile number `gateAt` on there are no more tiles before there is a file `gate`. Collecting
 * the result number `blockAt` keeps the server busy for `blockMs`.
 */
export default defineJob({
  name: "picture",
  options: {
    ...{ size: 1_000, maxIterations: 500, chunk: 100 },
    ...{ slow: -1, slowMs: 0, gate: "", gateAt: -1, blockAt: -1, blockMs: 0 },
  },
  state: () => ({ total: 0, collected: 0 }),
  async *tasks({ size, chunk, gate, gateAt }) {
    let index = 0;
    for (const tile of createChunkGrid({ width: size, height: size, chunkWidth: chunk, chunkHeight: chunk })) {
      while (index === gateAt && !isThere(gate)) await wait(tickMs);
      yield { ...tile, index };
      index++;
    }
  },
  total: ({ size, chunk }) => Math.ceil(size / chunk) ** 2,
  async compute(tile, { options, attempt, signal, log }) {
    log(`computing ${tile.index}.`);
    const counts = countIterations(tile, options.size, options.maxIterations);
    if (tile.index === options.slow && attempt === 1) {
      for (let ms = 0; ms < options.slowMs && !signal.aborted; ms += tickMs) await wait(tickMs);
    }
    return counts;
  },
  collect(counts, _tile, { state, options: { blockAt, blockMs } }) {
    state.total += sumOf(counts);
    state.collected += 1;
    console.log(`collected ${state.collected}`);
    if (state.collected === blockAt) block(blockMs);
  },
  finish({ outcome }, { state }) {
    if (outcome === "complete") console.log(`total ${state.total} of ${state.collected}`);
  },
});
