import { assertEquals } from "jsr:@std/assert@^1";
import { openToWrite, type WritableDatabase } from "../../../server/journal/database.ts";
import { journalIn } from "../../../server/journal/journal.ts";
import { openJournal } from "../../../server/journal/mod.ts";
import { assertRefused, header, now, payloadOf, result, withFolder } from "./fixtures.ts";

/** The next commits find no more room than this, in pages of 4 KiB. */
function limit(database: WritableDatabase, pages: number): void {
  database.prepare(`PRAGMA max_page_count = ${pages}`).get();
}

Deno.test(
  "a commit that finds the disk full writes nothing, and succeeds when there is room",
  withFolder((path) => {
    const database = openToWrite(path);
    const journal = journalIn(database, header, { now });
    journal.append(result(0));
    journal.commit();
    limit(database, 30);
    for (let task = 1; task < 50; task++) journal.append(result(task, payloadOf(task, 4_000)));
    for (let i = 0; i < 2; i++) {
      assertRefused(() => journal.commit(), "journal-full", path, "make room");
      assertEquals([journal.collectedCount, journal.pendingCount], [1, 49]);
      assertEquals([journal.result(0), journal.result(1)], [result(0), undefined]);
    }
    limit(database, 1_000);
    journal.commit();
    assertEquals([journal.collectedCount, journal.pendingCount], [50, 0]);
    journal.close();

    const again = openJournal(path, header, { resume: true, now });
    assertEquals(again.collectedCount, 50);
    for (let task = 1; task < 50; task++) assertEquals(again.result(task), result(task, payloadOf(task, 4_000)));
    again.close();
  }),
);

Deno.test(
  "what was committed before the disk was full is there when the server is started again",
  withFolder((path) => {
    const database = openToWrite(path);
    const journal = journalIn(database, header, { now });
    journal.append(result(0));
    journal.commit();
    limit(database, 20);
    journal.append(result(1, payloadOf(1, 500_000)));
    assertRefused(() => journal.finish("complete"), "journal-full");
    assertEquals(journal.outcome, undefined);
    journal.close();
    const again = openJournal(path, header, { resume: true, now });
    assertEquals([again.collectedCount, again.result(0), again.outcome], [1, result(0), undefined]);
    again.close();
  }),
);

Deno.test(
  "a snapshot frees the room that it and waiting results need",
  withFolder((path) => {
    const database = openToWrite(path);
    const journal = journalIn(database, header, { now });
    journal.append(result(0, payloadOf(0, 100_000)));
    journal.commit();
    limit(database, 40);
    journal.append(result(1, payloadOf(1, 60_000)));
    journal.append(result(2, payloadOf(2, 900_000)));
    journal.appendCall({ kind: "lost", node: "a" });
    assertRefused(() => journal.commit(), "journal-full");
    assertRefused(() => journal.saveSnapshot(payloadOf(3, 30_000), [[0, 0]]), "journal-full");
    assertEquals([journal.snapshot(), journal.pendingCount, [...journal.calls()]], [undefined, 3, []]);
    assertEquals(journal.result(0), result(0, payloadOf(0, 100_000)));
    // The long result is in the snapshot, and need not be written.
    journal.saveSnapshot(payloadOf(3, 30_000), [[0, 0], [2, 2]]);
    assertEquals(journal.snapshot(), { data: payloadOf(3, 30_000), tasks: [[0, 0], [2, 2]] });
    assertEquals(journal.result(1), result(1, payloadOf(1, 60_000)));
    assertEquals([journal.collectedCount, journal.pendingCount], [3, 0]);
    journal.close();
  }),
);
