import { assertEquals } from "jsr:@std/assert@^1";
import { openToWrite } from "../../../server/journal/database.ts";
import { type JournalHeader, openJournal, readJobLog } from "../../../server/journal/mod.ts";
import { assertRefused, header, now, result, withFolder } from "./fixtures.ts";

const resume = (path: string, given: JournalHeader) => openJournal(path, given, { resume: true, now });

function begin(path: string, kept: JournalHeader = header): void {
  const journal = openJournal(path, kept, { now });
  journal.append(result(0));
  journal.commit();
  journal.close();
}

Deno.test(
  "a journal is resumed by its own job only: the error has both values and what to do",
  withFolder((path) => {
    begin(path);
    const other = (change: Partial<JournalHeader>) => () => resume(path, { ...header, ...change });
    assertRefused(other({ job: "e" }), "journal-job-mismatch", path, '"pi"', '"e"', "--journal OTHER");
    const codeHash = "beef".repeat(16);
    assertRefused(other({ codeHash }), "journal-code-mismatch", path, "c0dec0de", "beefbeef", "delete", "--journal");
    assertRefused(other({ pinned: true }), "journal-code-mismatch", path, "books", "--journal OTHER");
    const journal = resume(path, header);
    assertEquals(journal.result(0), result(0));
    journal.close();
  }),
);

Deno.test(
  "other options are refused by name, with both values and the flag that mends it",
  withFolder((path) => {
    begin(path);
    const { size: _, ...withoutSize } = header.options;
    const cases: [options: JournalHeader["options"], words: string[]][] = [
      [{ ...header.options, size: 100 }, ["size was 4000 and is 100", "--size 4000"]],
      [{ ...header.options, size: "4000" }, ['size was 4000 and is "4000"']],
      [{ ...header.options, out: "b c.png" }, ['out was "a.png" and is "b c.png"', '--out "a.png"']],
      [{ ...header.options, fast: false }, ["fast was true and is false", "start with --fast,"]],
      [withoutSize, ["size was 4000 and is absent"]],
      [{ ...header.options, depth: 3 }, ["depth was absent and is 3"]],
    ];
    for (const [options, words] of cases) {
      assertRefused(
        () => resume(path, { ...header, options }),
        "journal-options-mismatch",
        path,
        "--journal",
        ...words,
      );
    }
    resume(path, { ...header, options: Object.fromEntries(Object.entries(header.options).reverse()) }).close();
  }),
);

Deno.test(
  "a boolean option that was off is mended by its flag with no",
  withFolder((path) => {
    begin(path, { ...header, options: { fastStart: false } });
    const given = { ...header, options: { fastStart: true } };
    assertRefused(() => resume(path, given), "journal-options-mismatch", "start with --no-fast-start,");
  }),
);

Deno.test(
  "another version of the package resumes a journal of the same format",
  withFolder((path) => {
    begin(path);
    const journal = resume(path, { ...header, packageVersion: "9.0.0" });
    assertEquals(journal.collectedCount, 1);
    journal.close();
  }),
);

Deno.test(
  "a journal of another format is refused with both numbers",
  withFolder((path) => {
    begin(path);
    const database = openToWrite(path);
    database.prepare("PRAGMA user_version = 77").run();
    database.close();
    assertRefused(() => resume(path, header), "journal-format", path, "format 77", "knows 1", "--journal OTHER");
    assertRefused(() => [...readJobLog(path)], "journal-format", "format 77");
  }),
);

Deno.test(
  "the identity of a new run can be given, and is kept",
  withFolder((path) => {
    const run = "0123456789abcdef".repeat(2);
    openJournal(path, header, { now, run }).close();
    const journal = openJournal(path, header, { resume: true, now, run: "f".repeat(32) });
    assertEquals(journal.run, run);
    journal.close();
  }),
);
