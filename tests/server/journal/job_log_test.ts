import { assertEquals } from "jsr:@std/assert@^1";
import { formatJobLog, type JobLogEntry, openJournal, readJobLog } from "../../../server/journal/mod.ts";
import { assertRefused, failure, header, now, payloadOf, result, withFolder } from "./fixtures.ts";

const entry: JobLogEntry = {
  task: 3,
  start: "2026-01-02T12:00:00.003Z",
  seconds: 0.004,
  node: "node-3",
  attempts: 1,
  outcome: "collected",
};

Deno.test(
  "the log has a row for each task in the order of their numbers, while the job runs and after it",
  withFolder((path) => {
    const journal = openJournal(path, header, { now });
    for (const task of [3, 1, 0]) journal.append(result(task));
    journal.appendFailure(failure(2));
    journal.commit();
    const expected: JobLogEntry[] = [
      { ...entry, task: 0, start: "2026-01-02T12:00:00.000Z", seconds: 0, node: "node-0" },
      { ...entry, task: 1, start: "2026-01-02T12:00:00.001Z", seconds: 0.001, node: "node-1", attempts: 2 },
      {
        task: 2,
        start: "2026-01-02T12:00:00.002Z",
        seconds: 0.013,
        node: "node-7",
        attempts: 3,
        outcome: "failed",
        reason: failure(2).message,
        evidence: JSON.parse(failure(2).evidence),
      },
      entry,
    ];
    assertEquals([...readJobLog(path)], expected);
    journal.saveSnapshot(payloadOf(0), [[0, 1], [3, 3]]);
    assertEquals([...readJobLog(path)], expected);
    journal.finish("complete");
    journal.close();
    assertEquals([...readJobLog(path)], expected);
  }),
);

Deno.test(
  "a reader that is in the middle of the log does not hold up the writer, and sees what is written behind it",
  withFolder((path) => {
    const journal = openJournal(path, header, { now });
    const write = (first: number) => {
      for (let task = first; task < first + 1_500; task++) journal.append(result(task));
      journal.commit();
    };
    write(0);
    const log = readJobLog(path);
    assertEquals(log.next().value?.task, 0);
    write(1_500);
    assertEquals([...log].length, 2_999);
    // One that stops early gives the file free.
    for (const { task } of readJobLog(path)) if (task === 2) break;
    journal.close();
    assertEquals([...Deno.readDirSync(path.replace(/[^/]*$/, ""))].map(({ name }) => name), ["pi.journal"]);
  }),
);

Deno.test(
  "the log of a journal that is not there is an error that names it",
  withFolder((path) => {
    assertRefused(() => [...readJobLog(path)], "journal-missing", path);
    Deno.writeTextFileSync(path, "");
    assertRefused(() => [...readJobLog(path)], "journal-missing", path);
  }),
);

Deno.test("a log is written as a table with tabs, which names cannot break", () => {
  assertEquals([...formatJobLog([], "tsv")], ["task\tstart\tseconds\tnode\tattempts\toutcome\treason"]);
  assertEquals([...formatJobLog([entry, { ...entry, node: "a\tb\nc\\d", reason: "no\tgood" }], "tsv")].slice(1), [
    "3\t2026-01-02T12:00:00.003Z\t0.004\tnode-3\t1\tcollected\t",
    "3\t2026-01-02T12:00:00.003Z\t0.004\ta\\tb\\nc\\\\d\t1\tcollected\tno\\tgood",
  ]);
});

Deno.test("a log is written as one JSON object a line", () => {
  const lines = [...formatJobLog([entry, { ...entry, node: "a\nb" }], "json")];
  assertEquals(lines.map((line) => JSON.parse(line)), [entry, { ...entry, node: "a\nb" }]);
  assertEquals(lines.some((line) => line.includes("\n")), false);
});
