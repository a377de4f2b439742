import { assertEquals, assertNotEquals, assertThrows } from "jsr:@std/assert@^1";
import { openToWrite } from "../../../server/journal/database.ts";
import { journalIn } from "../../../server/journal/journal.ts";
import { type Journal, openJournal, type StoredCall } from "../../../server/journal/mod.ts";
import { partBytesMax } from "../../../server/journal/schema.ts";
import { assertRefused, failure, header, now, payloadOf, result, withFolder } from "./fixtures.ts";

const resume = (path: string, retryFailed = false): Journal =>
  openJournal(path, header, { resume: true, retryFailed, now });

/** Begins a journal, has it filled, and closes it. */
function written(path: string, fill: (journal: Journal) => void): Journal {
  const journal = openJournal(path, header, { now });
  fill(journal);
  journal.close();
  return journal;
}

Deno.test(
  "a resumed journal holds what was committed, and the identity of the run",
  withFolder((path) => {
    const first = written(path, (journal) => {
      assertEquals([journal.isResumed, journal.collectedCount, journal.outcome], [false, 0, undefined]);
      [4, 0, 7].forEach((task) => journal.append(result(task)));
      journal.appendFailure(failure(3));
      assertEquals(journal.pendingCount, 4);
      journal.commit();
      assertEquals([journal.pendingCount, journal.collectedCount, journal.failedCount], [0, 3, 1]);
    });
    const second = resume(path);
    assertEquals([second.isResumed, second.collectedCount, second.failedCount], [true, 3, 1]);
    assertEquals(second.run, first.run);
    assertEquals(/^[0-9a-f]{32}$/.test(second.run), true);
    for (const task of [0, 4, 7]) assertEquals(second.result(task), result(task));
    assertEquals(second.failure(3), failure(3));
    for (const task of [1, 3, 8, 2 ** 40]) assertEquals(second.result(task), undefined);
    for (const task of [0, 1, 8]) assertEquals(second.failure(task), undefined);
    second.close();
  }),
);

Deno.test(
  "a commit waits for the disk",
  withFolder((path) => {
    // What a power cut would show, SQLite's settings stand for: 2 is FULL.
    const database = openToWrite(path);
    const journal = journalIn(database, header, { now });
    assertEquals({ ...database.prepare("PRAGMA synchronous").get() }, { synchronous: 2 });
    assertEquals({ ...database.prepare("PRAGMA journal_mode").get() }, { journal_mode: "wal" });
    journal.close();
  }),
);

Deno.test(
  "what was not committed is not kept",
  withFolder((path) => {
    written(path, (journal) => {
      journal.append(result(0));
      journal.commit();
      journal.append(result(1));
    });
    const journal = resume(path);
    assertEquals([journal.collectedCount, journal.result(1)], [1, undefined]);
    journal.close();
  }),
);

Deno.test(
  "whatever a node says of itself and of its time is kept, or put right, and never keeps other results from the disk",
  withFolder((path) => {
    const odd = [{ node: "a\0b \ud800 \u{1f600}" }, { node: "" }, { elapsedMs: NaN }, { elapsedMs: Infinity }];
    written(path, (journal) => {
      odd.forEach((change, task) => journal.append({ ...result(task), ...change, startedAt: now + 0.4 }));
      journal.commit();
    });
    const journal = resume(path);
    const found = odd.map((_, task) => journal.result(task)!);
    assertEquals(found.map(({ node }) => node), ["a\ufffdb \ufffd \u{1f600}", "", "node-2", "node-3"]);
    assertEquals(found.map(({ elapsedMs }) => elapsedMs), [0, result(1).elapsedMs, 0, 0]);
    assertEquals(found.map(({ startedAt }) => startedAt), [now, now, now, now]);
    journal.close();
  }),
);

Deno.test(
  "results are found in whatever order they are asked for",
  withFolder((path) => {
    // Beyond what is read ahead, with holes, and with results too large to be read ahead.
    const size = (task: number) => task % 50 === 0 ? 5_000 : task % 10;
    const tasks = Array.from({ length: 1_000 }, (_, task) => task).filter((task) => task % 7 !== 3);
    const journal = openJournal(path, header, { now });
    tasks.forEach((task) => journal.append(result(task, payloadOf(task, size(task)))));
    journal.commit();
    const orders = [tasks, tasks.toReversed(), tasks.map((task) => task * 337 % 1_000)];
    for (const task of orders.flat()) {
      assertEquals(journal.result(task), task % 7 === 3 ? undefined : result(task, payloadOf(task, size(task))));
    }
    journal.close();
  }),
);

Deno.test(
  "an empty result and one beyond a part of the database come back byte for byte",
  withFolder((path) => {
    const long = new Uint8Array(2 * partBytesMax + 5);
    for (let i = 0; i < long.length; i += 4_093) long[i] = i;
    const exact = long.slice(0, partBytesMax);
    written(path, (journal) => {
      [new Uint8Array(), long, exact].forEach((payload, task) => journal.append(result(task, payload)));
      journal.commit();
    });
    const journal = resume(path);
    const same = (task: number, payload: Uint8Array) => {
      const found = journal.result(task)!.payload;
      return found.length === payload.length && found.every((byte, i) => byte === payload[i]);
    };
    assertEquals([same(0, new Uint8Array()), same(1, long), same(2, exact)], [true, true, true]);
    journal.close();
  }),
);

Deno.test(
  "a task that was stored cannot be stored again, and the error keeps nothing of the commit",
  withFolder((path) => {
    const journal = openJournal(path, header, { now });
    journal.append(result(1));
    journal.commit();
    journal.append(result(2));
    journal.append(result(1));
    assertThrows(() => journal.commit(), Error, "task");
    assertEquals([journal.collectedCount, journal.result(2)], [1, undefined]);
    journal.close();
  }),
);

Deno.test(
  "a snapshot takes the place of results and calls, and their log stays",
  withFolder((path) => {
    const data = payloadOf(9, 50_000);
    written(path, (journal) => {
      for (let task = 0; task < 6; task++) journal.append(result(task));
      journal.appendFailure(failure(6));
      journal.appendCall({ kind: "joined", node: "a" });
      journal.commit();
      // Both wait while the snapshot is made, and are in it.
      journal.append(result(7));
      journal.appendCall({ kind: "collect", node: "a", task: 7 });
      journal.saveSnapshot(data, [[0, 3], [7, 7]]);
      journal.appendCall({ kind: "lost", node: "a" });
      journal.commit();
    });
    const journal = resume(path);
    assertEquals(journal.snapshot(), { data, tasks: [[0, 3], [7, 7]] });
    assertEquals([...journal.calls()], [{ kind: "lost", node: "a" }]);
    for (const task of [0, 1, 2, 3, 7]) {
      assertEquals([journal.result(task), journal.inSnapshot(task)], [undefined, result(task).taskHash]);
    }
    for (const task of [4, 5]) {
      assertEquals([journal.result(task), journal.inSnapshot(task)], [result(task), undefined]);
    }
    assertEquals(journal.failure(6), failure(6));
    assertEquals([journal.collectedCount, journal.failedCount], [7, 1]);

    journal.saveSnapshot(new Uint8Array(), [[0, 5], [7, 7]]);
    assertEquals(journal.snapshot(), { data: new Uint8Array(), tasks: [[0, 5], [7, 7]] });
    assertEquals(journal.result(4), undefined);
    journal.close();
  }),
);

Deno.test(
  "a snapshot of tasks that are no ranges is refused, and nothing is written",
  withFolder((path) => {
    const journal = openJournal(path, header, { now });
    journal.append(result(0));
    for (const tasks of [[[1, 0]], [[0, 1], [1, 2]], [[-1, 0]], [[0, 1.5]]] as [number, number][][]) {
      assertThrows(() => journal.saveSnapshot(new Uint8Array(), tasks), RangeError, "ranges");
    }
    assertEquals([journal.snapshot(), journal.pendingCount], [undefined, 1]);
    journal.saveSnapshot(new Uint8Array(), [[0, 0]]);
    assertThrows(() => journal.saveSnapshot(new Uint8Array(), [[1, 1]]), RangeError, "[0,0]");
    journal.close();
  }),
);

Deno.test(
  "calls come back in their order, with what came with them",
  withFolder((path) => {
    const calls: StoredCall[] = [
      { kind: "joined", node: "a" },
      { kind: "next", node: "a", task: 0 },
      { kind: "custom", node: "b", data: payloadOf(1) },
      { kind: "collect", node: "a", task: 0 },
      { kind: "custom", node: "b", data: new Uint8Array() },
      { kind: "dropped", node: "a", task: 2 },
      { kind: "lost", node: "a" },
    ];
    // More than are read at once.
    const many = Array.from({ length: 300 }, () => calls).flat();
    written(path, (journal) => {
      many.forEach(journal.appendCall);
      journal.commit();
    });
    const journal = resume(path);
    assertEquals([...journal.calls()], many);
    journal.close();
  }),
);

Deno.test(
  "a journal whose job is complete is begun anew, and gives back the room of the old one",
  withFolder((path) => {
    const first = written(path, (journal) => {
      journal.append(result(0, new Uint8Array(2_000_000)));
      journal.saveSnapshot(payloadOf(1), [[0, 0]]);
      journal.append(result(1, new Uint8Array(2_000_000)));
      journal.finish("complete");
      assertEquals([journal.outcome, journal.collectedCount], ["complete", 2]);
    });
    const second = written(path, (journal) => {
      assertNotEquals(journal.run, first.run);
      assertEquals([journal.isResumed, journal.collectedCount, journal.outcome], [false, 0, undefined]);
      assertEquals([journal.snapshot(), journal.result(1)], [undefined, undefined]);
      journal.append(result(1));
      journal.commit();
    });
    assertEquals(Deno.statSync(path).size < 100_000, true);
    const third = resume(path);
    assertEquals([third.run, third.collectedCount], [second.run, 1]);
    third.close();
  }),
);

Deno.test(
  "an unfinished journal is not overwritten: the error says how much it holds and what to do",
  withFolder((path) => {
    for (const outcome of [undefined, "failed", "stopped"] as const) {
      const journal = openJournal(path, header, { resume: outcome !== undefined, now });
      if (outcome === undefined) [0, 1].forEach((task) => journal.append(result(task)));
      if (outcome === undefined) journal.appendFailure(failure(2));
      journal.commit();
      if (outcome) journal.finish(outcome);
      journal.close();
      const words = ["collected: 2", "failed: 1", "2026-01-02T12:00:00", "--resume", "--journal OTHER", path];
      assertRefused(
        () => openJournal(path, header, { now: 0 }),
        "journal-exists",
        outcome ?? "unfinished",
        ...words,
      );
    }
    const journal = resume(path);
    assertEquals([journal.collectedCount, journal.failedCount], [2, 1]);
    journal.close();
  }),
);

Deno.test(
  "the complete journal of another job is not overwritten",
  withFolder((path) => {
    written(path, (journal) => journal.finish("complete"));
    assertRefused(
      () => openJournal(path, { ...header, job: "e" }, { now }),
      "journal-exists",
      "complete",
      '"pi"',
      "; keep another",
    );
  }),
);

Deno.test(
  "resuming begins a journal if there is none, but retrying what failed needs one",
  withFolder((path, folder) => {
    assertRefused(() => resume(path, true), "journal-missing", path);
    assertEquals([...Deno.readDirSync(folder)], []);
    const journal = resume(path);
    assertEquals(journal.isResumed, false);
    journal.close();
  }),
);

Deno.test(
  "a job that is complete is resumed as complete, one that failed or was stopped goes on",
  withFolder((path) => {
    for (
      const [outcome, resumed] of [["stopped", undefined], ["failed", undefined], ["complete", "complete"]] as const
    ) {
      const journal = resume(path);
      journal.finish(outcome);
      journal.close();
      const again = resume(path);
      assertEquals(again.outcome, resumed);
      again.close();
    }
  }),
);

Deno.test(
  "retrying what failed forgets the failures only, and then the job is not complete",
  withFolder((path) => {
    written(path, (journal) => {
      journal.append(result(0));
      journal.appendFailure(failure(1));
      journal.appendFailure({ ...failure(2), evidence: "x".repeat(partBytesMax + 1) });
      journal.commit();
      // Ranges may run over failures; these stay.
      journal.saveSnapshot(new Uint8Array(), [[0, 2]]);
      journal.finish("complete");
    });
    const plain = resume(path);
    assertEquals([plain.outcome, plain.failure(2)!.evidence.length], ["complete", partBytesMax + 1]);
    plain.close();
    const journal = resume(path, true);
    assertEquals([journal.outcome, journal.collectedCount, journal.failedCount], [undefined, 1, 0]);
    assertEquals([journal.inSnapshot(0), journal.inSnapshot(1)], [result(0).taskHash, undefined]);
    assertEquals([journal.failure(1), journal.failure(2)], [undefined, undefined]);
    journal.append(result(1));
    journal.append(result(2));
    journal.finish("complete");
    journal.close();
    const again = resume(path, true);
    assertEquals([again.outcome, again.collectedCount], ["complete", 3]);
    again.close();
  }),
);

Deno.test(
  "a journal that was closed writes nothing, and can be closed again",
  withFolder((path) => {
    const journal = openJournal(path, header, { now });
    journal.close();
    journal.close();
    journal.append(result(0));
    assertRefused(() => journal.commit(), "journal-io", "closed");
  }),
);

Deno.test(
  "a closed journal is one file, and its name may be any that a file has",
  withFolder((_, folder) => {
    const names = ["a b.journal", "\u00fc\u4e2d.journal", "100%?mode=ro#x.journal"];
    for (const name of names) written(`${folder}/${name}`, (journal) => journal.append(result(0)));
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), names.sort());
  }),
);

Deno.test(
  "a path where no file can be is an error that names it",
  withFolder((path, folder) => {
    const open = (at: string) => () => openJournal(at, header, { now });
    assertRefused(open(""), "journal-io", "empty", "--journal");
    assertRefused(open(folder), "journal-io", "folder", folder);
    assertRefused(open(`${folder}/no/pi.journal`), "journal-io", `no folder ${folder}/no/`);
    written(path, () => {});
    assertRefused(open(`${path}/pi.journal`), "journal-io", path);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["pi.journal"]);
  }),
);
