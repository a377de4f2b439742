// deno-lint-ignore-file no-console -- prints what the test reads
import { defineJob } from "../../../job/mod.ts";

const isThere = (path: string): boolean => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
};

/**
 * The sum of the squares below 100. It makes 60 tasks, and the others when there is a file `gate`, so that a test can
 * act in the middle of the job for as long as it takes.
 *
 * Task `slow` says so and takes a second; task `fails` fails as long as there is no file `mended`.
 */
export default defineJob({
  name: "gated",
  options: { gate: "", mended: "", slow: -1, fails: -1 },
  state: () => ({ sum: 0, collected: 0 }),
  async *tasks({ gate }) {
    for (let n = 0; n < 100; n++) {
      while (n === 60 && gate !== "" && !isThere(gate)) await new Promise((resolve) => setTimeout(resolve, 10));
      yield n;
    }
  },
  total: () => 100,
  initial: ({ mended }) => ({ isMended: isThere(mended) }),
  async compute(n, { log, initial, options: { slow, fails } }) {
    if (n === fails && !initial.isMended) throw new RangeError(`no square for ${n}`);
    log(`computing ${n}.`);
    if (n === slow) await new Promise((resolve) => setTimeout(resolve, 1_000));
    return n * n;
  },
  collect(square, _n, { state }) {
    state.sum += square;
    state.collected += 1;
    if (state.collected % 10 === 0) console.log(`collected ${state.collected}`);
  },
  finish({ outcome }, { state }) {
    if (outcome === "complete") console.log(`sum ${state.sum} of ${state.collected}`);
  },
});
