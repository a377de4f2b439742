/**
 * Data that goes out as a task and comes back as its result, beside a raw echo of the same size.
 *
 * @module
 */
import { runCluster, startProgram } from "./cluster.ts";
import { type Benchmark, type Figure, figure, inTurn, seconds } from "./figures.ts";
import { readFull, writeFull } from "./raw.ts";
import type { WindowReport } from "./jobs/windows.ts";

const kibi = 2 ** 10;
const mebi = 2 ** 20;

interface Size {
  readonly name: string;
  readonly bytes: number;
  /** How many echoes make a round; more than are under way at once, or rounds would begin with what is back already. */
  readonly window: number;
}

const sizes: readonly Size[] = [
  { name: "1 KiB", bytes: kibi, window: 20_000 },
  { name: "1 MiB", bytes: mebi, window: 1_000 },
  { name: "64 MiB", bytes: 64 * mebi, window: 8 },
];

/** Sends `count` pieces, `atOnce` of them ahead of what comes back. @returns MiB a second, one way */
async function rawEcho(conn: Deno.Conn, { bytes, window: count }: Size, atOnce: number): Promise<number> {
  const piece = new Uint8Array(bytes);
  const back = new Uint8Array(bytes);
  let room = Promise.withResolvers<void>();
  let sent = 0;
  let received = 0;
  const send = async () => {
    for (; sent < count; sent++) {
      while (sent - received >= atOnce) await room.promise;
      await writeFull(conn, piece);
    }
  };
  const receive = async () => {
    while (received < count) {
      await readFull(conn, back);
      received++;
      room.resolve();
      room = Promise.withResolvers();
    }
  };
  const elapsed = await seconds(() => Promise.all([send(), receive()]));
  return count * bytes / mebi / elapsed;
}

async function figuresOf(size: Size, rounds: number): Promise<Figure[]> {
  const ways = await (async () => {
    await using process = startProgram("raw_server.ts", [String(mebi)]);
    const [, port] = await process.line(/^listening on (\d+)$/);
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    conn.setNoDelay(true);
    return await inTurn("MiB/s", rounds, [
      { name: `${size.name}, raw, one at a time`, measure: () => rawEcho(conn, size, 1) },
      { name: `${size.name}, raw, 8 at once`, measure: () => rawEcho(conn, size, 8) },
    ]);
  })();
  const { bytes, window } = size;
  const { rates } = await runCluster<WindowReport>({
    job: "echo.ts",
    options: { nodes: 1, window, windows: rounds, bytes },
    nodes: 1,
  });
  const mebibytes = rates.map((rate) => rate * bytes / mebi);
  return [...ways, figure(`${size.name}, task and result`, "MiB/s", mebibytes, ways[0].name)];
}

/** Payloads of several sizes. */
export const payload: Benchmark = async function* ({ quick }) {
  const figures: Figure[] = [];
  for (const size of sizes) {
    const window = quick ? size.window / 2 : size.window;
    figures.push(...await figuresOf({ ...size, window }, quick ? 2 : 5));
  }
  yield { title: "a Float64Array there and back, counted once; one node process with one worker", figures };
};
