/**
 * A process that writes a journal and is killed, or kills itself: `writer.ts PATH COMMITS (hold|die)`. After each
 * commit it prints how long the write-ahead log is, and `held` when it waits.
 *
 * @module
 */
import { openJournal } from "../../../server/journal/mod.ts";
import { header, now, result } from "./fixtures.ts";

/** How many results are in each commit. */
export const resultsPerCommit = 5;

const print = (line: string | number) => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));

if (import.meta.main) {
  const [path, commits, end] = Deno.args;
  const journal = openJournal(path, header, { now });
  for (let commit = 0; commit < Number(commits); commit++) {
    for (let i = 0; i < resultsPerCommit; i++) journal.append(result(commit * resultsPerCommit + i));
    journal.commit();
    print(Deno.statSync(`${path}-wal`).size);
  }
  // One more that is not committed.
  journal.append(result(999));
  if (end === "die") Deno.kill(Deno.pid, "SIGKILL");
  print("held");
  setInterval(() => {}, 1_000_000);
}
