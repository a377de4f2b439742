// deno-lint-ignore-file no-console -- what jobs write to the standard output is caught here
import { fillJobOptions } from "../../job/mod.ts";
import type { Job, JobOptions } from "../../job/mod.ts";
import { summaryOf } from "../job/fixtures.ts";

const tools = { attempt: 1, signal: new AbortController().signal, log: () => {}, progress: () => {}, send: () => {} };

/**
 * Runs a job to its end in this process, alternating between two nodes. Data is cloned where it would travel. The
 * first task of the second node is lost with it, and done anew by the first, if the job keeps its own books.
 *
 * @returns what the job wrote to the standard output
 */
export async function drive(job: Job, given: JobOptions): Promise<string> {
  const options = fillJobOptions(job.options as JobOptions, given);
  const book = job.book(options, { log: () => {}, changed: () => {}, send: () => 0 });
  const names = ["00000000000000aa", "00000000000000bb"];
  const halves = names.map(() => job.node(structuredClone(options)));
  for (const [index, half] of halves.entries()) {
    await half.setInitialData?.(names[index], structuredClone(await book.initialData(names[index])));
  }
  for (let task = 0;; task++) {
    const node = task % 2;
    const status = await book.next(names[node]);
    if (status.status !== "unfinished") break;
    if (job.pinned && task === 1) {
      await book.lost([names[node]]);
      continue;
    }
    const result = await halves[node].processDataFromServer(structuredClone(status.data), {
      ...tools,
      node: names[node],
      task,
    });
    await book.collect(names[node], structuredClone(result), status.data);
  }
  return await printed(async () => {
    await book.close();
    await book.finish({ ...summaryOf(), nodes: 2 });
  });
}

/** What is written to the standard output meanwhile. */
async function printed(call: () => Promise<void>): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...words) => void lines.push(words.join(" "));
  try {
    await call();
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}
