import { assertEquals } from "jsr:@std/assert@^1";
import { openJournal, readJobLog } from "../../../server/journal/mod.ts";
import { program } from "../../process/harness.ts";
import { assertRefused, header, now, result, withFolder } from "./fixtures.ts";
import { resultsPerCommit } from "./writer.ts";

const writerPath = new URL("writer.ts", import.meta.url).pathname;
const resume = (path: string) => openJournal(path, header, { resume: true, now });

Deno.test(
  "a journal has one writer, also within a process",
  withFolder((path) => {
    const journal = openJournal(path, header, { now });
    journal.append(result(0));
    journal.commit();
    assertRefused(() => resume(path), "journal-locked", path, "--journal OTHER");
    assertRefused(() => openJournal(path, header, { now }), "journal-locked", path);
    journal.append(result(1));
    journal.commit();
    journal.close();
    const next = resume(path);
    assertEquals(next.collectedCount, 2);
    next.close();
  }),
);

Deno.test(
  "another process finds the journal locked until its writer is killed, and then all that was committed",
  withFolder(async (path) => {
    await using writer = program(writerPath, [path, "3", "hold"]);
    await writer.line(/held/);
    assertRefused(() => resume(path), "journal-locked", path);
    assertEquals([...readJobLog(path)].length, 3 * resultsPerCommit);
    writer.kill("SIGKILL");
    await writer.exit();
    assertEquals([...readJobLog(path)].length, 3 * resultsPerCommit);
    const journal = resume(path);
    assertEquals(journal.collectedCount, 3 * resultsPerCommit);
    journal.close();
    assertEquals([...Deno.readDirSync(path.replace(/[^/]*$/, ""))].map(({ name }) => name), ["pi.journal"]);
  }),
);

Deno.test(
  "a writer that was overtaken because its file system does not lock stops before it writes",
  withFolder((path) => {
    const first = openJournal(path, header, { now });
    // What such a file system amounts to: the lock of the first keeps nobody away.
    Deno.renameSync(`${path}-lock`, `${path}-elsewhere`);
    const second = resume(path);
    first.append(result(0));
    assertRefused(() => first.commit(), "journal-locked", "took it over");
    second.append(result(0));
    second.commit();
    first.close();
    assertEquals(second.collectedCount, 1);
    second.close();
  }),
);

Deno.test(
  "a file that is no lock of a journal is left alone",
  withFolder((path) => {
    Deno.writeTextFileSync(`${path}-lock`, "my notes\n".repeat(100));
    assertRefused(() => openJournal(path, header, { now }), "journal-format", `${path}-lock`);
    assertEquals(Deno.readTextFileSync(`${path}-lock`).length, 900);
  }),
);
