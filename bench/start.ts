/**
 * How long `gristmill run` takes for a job without tasks, from the process's start to its end, beside a Deno that runs
 * an empty module.
 *
 * @module
 */
import { benchPath, startProgram } from "./cluster.ts";
import { type Benchmark, inTurn, seconds } from "./figures.ts";
import { gristmill, type Process } from "../tests/process/harness.ts";

async function untilExit(start: () => Process): Promise<number> {
  return await seconds(async () => {
    await using process = start();
    const { code, stderr } = await process.exit();
    if (code !== 0) throw new Error(stderr);
  });
}

/** Start-up. */
export const start: Benchmark = async function* ({ quick }) {
  const empty = "deno run of an empty module";
  yield {
    title: "from the start of a process to its end",
    figures: await inTurn("s", quick ? 3 : 9, [
      { name: empty, measure: () => untilExit(() => startProgram("empty.ts", [])) },
      {
        name: "gristmill run of an empty job",
        measure: () => untilExit(() => gristmill(["run", "--quiet", benchPath("jobs/empty.ts")])),
        against: empty,
      },
    ]),
  };
};
