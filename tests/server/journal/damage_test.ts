import { assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "jsr:@std/assert@^1";
import {
  JournalError,
  openJournal,
  readJobLog,
  type StoredCall,
  type StoredResult,
} from "../../../server/journal/mod.ts";
import { program } from "../../process/harness.ts";
import { assertRefused, failure, header, now, payloadOf, result, withFolder } from "./fixtures.ts";
import { resultsPerCommit } from "./writer.ts";

const writerPath = new URL("writer.ts", import.meta.url).pathname;

/** Numbers from 0 to 1 that are the same in each run (a linear congruential generator, Numerical Recipes). */
function seeded(seed: number): () => number {
  return () => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** What a resumed journal holds, or the code of the error. */
function readAll(path: string, tasks: number): StoredResult[] | string {
  try {
    const journal = openJournal(path, header, { resume: true, now });
    try {
      const found = Array.from({ length: tasks }, (_, task) => journal.result(task)).filter((one) => one !== undefined);
      journal.snapshot();
      [...journal.calls()];
      return found.length === journal.collectedCount ? found : "fewer than it says";
    } finally {
      journal.close();
    }
  } catch (error) {
    if (error instanceof JournalError) return error.code;
    throw error;
  }
}

Deno.test(
  "a write-ahead log that was cut or changed anywhere gives the commits before that place, and no more",
  withFolder(async (path, folder) => {
    const commits = 12;
    await using writer = program(writerPath, [path, `${commits}`, "die"]);
    const ends = [0, ...(await writer.exit()).stdout.trim().split("\n").map(Number)];
    const [file, log] = [Deno.readFileSync(path), Deno.readFileSync(`${path}-wal`)];
    assertEquals([ends.length, ends.at(-1)], [commits + 1, log.length]);

    const copy = `${folder}/copy.journal`;
    const committedBy = (bytes: number) => ends.filter((end) => end <= bytes).length - 1;
    const check = (damaged: Uint8Array, intactBytes: number) => {
      Deno.writeFileSync(copy, file);
      Deno.writeFileSync(`${copy}-wal`, damaged);
      const expected = Array.from({ length: committedBy(intactBytes) * resultsPerCommit }, (_, task) => result(task));
      assertEquals(readAll(copy, 100), expected, `intact up to byte ${intactBytes} of ${log.length}`);
    };
    const random = seeded(7);
    const cuts = [...ends, ...ends.map((end) => end - 1), ...Array.from({ length: 40 }, () => random() * log.length)];
    for (const cut of cuts.map(Math.floor).filter((at) => at >= 0)) check(log.slice(0, cut), cut);
    for (let i = 0; i < 40; i++) {
      const at = Math.floor(random() * log.length);
      const flipped = log.slice();
      flipped[at] ^= 1 << (i % 8);
      const found = readFlipped(copy, file, flipped);
      const complete = Array.from({ length: found.length }, (_, task) => result(task));
      assertEquals(found, complete, `byte ${at}`);
      assertEquals(found.length >= committedBy(at) * resultsPerCommit, true, `byte ${at}: ${found.length} results`);
    }
  }),
);

function readFlipped(path: string, file: Uint8Array, log: Uint8Array): StoredResult[] {
  Deno.writeFileSync(path, file);
  Deno.writeFileSync(`${path}-wal`, log);
  const found = readAll(path, 100);
  if (typeof found === "string") throw new Error(found);
  return found;
}

const calls = Array.from({ length: 200 }, (_, task): StoredCall => ({ kind: "next", node: "node-1", task }));

/** A journal with some of everything, closed. */
function fill(path: string): void {
  const journal = openJournal(path, header, { now });
  for (let task = 0; task < 60; task++) journal.append(result(task, payloadOf(task, task % 9 === 0 ? 9_000 : 60)));
  journal.saveSnapshot(payloadOf(1, 9_000), [[0, 5]]);
  for (let task = 60; task < 70; task++) journal.append(result(task));
  journal.appendFailure(failure(70));
  calls.forEach(journal.appendCall);
  journal.commit();
  journal.close();
}

Deno.test(
  "a journal with a changed byte anywhere gives what was written or an error, never another result",
  withFolder((path, folder) => {
    fill(path);
    const file = Deno.readFileSync(path);
    const expected = Array.from(
      { length: 70 },
      (_, task) => result(task, payloadOf(task, task % 9 === 0 ? 9_000 : 60)),
    );
    for (let task = 60; task < 70; task++) expected[task] = result(task);
    const random = seeded(11);
    let errors = 0;
    for (let i = 0; i < 120; i++) {
      const copy = `${folder}/copy.journal`;
      const at = Math.floor(random() * file.length);
      const damaged = file.slice();
      const length = i % 3 === 0 ? 64 : 1;
      for (let k = at; k < Math.min(at + length, file.length); k++) damaged[k] ^= 1 + Math.floor(random() * 255);
      Deno.writeFileSync(copy, damaged);
      const found = readDamaged(copy);
      if (typeof found === "string") errors++;
      else assertEquals(found, expected.slice(6), `byte ${at}`);
      for (const { name } of Deno.readDirSync(folder)) {
        if (name.startsWith("copy")) Deno.removeSync(`${folder}/${name}`);
      }
    }
    assertNotEquals(errors, 0);
  }),
);

/** What `readAll` finds, but for the results that are in the snapshot. */
function readDamaged(path: string): StoredResult[] | string {
  try {
    const journal = openJournal(path, header, { resume: true, now });
    try {
      const snapshot = journal.snapshot();
      assertEquals(snapshot, { data: payloadOf(1, 9_000), tasks: [[0, 5]] });
      assertEquals([...journal.calls()], calls);
      assertEquals(journal.failure(70), failure(70));
      return Array.from({ length: 64 }, (_, i) => journal.result(6 + i)!);
    } finally {
      journal.close();
    }
  } catch (error) {
    if (error instanceof JournalError) return error.code;
    throw error;
  }
}

Deno.test(
  "damage to the structure of a journal is found when it is opened, not in the middle of the job",
  withFolder((path, folder) => {
    fill(path);
    const file = Deno.readFileSync(path);
    const pageBytes = 4_096;
    let refused = 0;
    for (let page = 1; page < file.length / pageBytes; page++) {
      const copy = `${folder}/${page}.journal`;
      const damaged = file.slice();
      damaged.subarray(page * pageBytes, (page + 1) * pageBytes).fill(0xa5);
      Deno.writeFileSync(copy, damaged);
      try {
        openJournal(copy, header, { resume: true, now }).close();
        // A page that nothing uses.
        if (typeof readDamaged(copy) === "string") throw new Error(`page ${page} was found only when it was read`);
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        assertEquals(error.code, "journal-damaged");
        refused++;
      }
    }
    assertNotEquals(refused, 0);
  }),
);

Deno.test(
  "a changed header is damage, not another job's",
  withFolder((path) => {
    fill(path);
    const file = Deno.readFileSync(path);
    const at = new TextDecoder("latin1").decode(file).indexOf('"size":4000');
    file[at + 7] ^= 1;
    Deno.writeFileSync(path, file);
    assertRefused(() => openJournal(path, header, { resume: true, now }), "journal-damaged", path, "header");
  }),
);

Deno.test(
  "a journal that was cut is damaged, or begins anew if nothing is left",
  withFolder((path, folder) => {
    fill(path);
    const file = Deno.readFileSync(path);
    const copy = `${folder}/copy.journal`;
    for (const bytes of [1, 15, 99, 100, 511, 512, 4_095, 4_096, 4_097, 8_192, file.length >> 1, file.length - 4_096]) {
      Deno.writeFileSync(copy, file.subarray(0, bytes));
      const error = assertThrows(() => openJournal(copy, header, { resume: true, now }), JournalError, copy);
      // Of what is shorter than SQLite's own header nobody can say what it was.
      assertEquals(error.code === "journal-damaged" || (error.code === "journal-format" && bytes < 100), true);
      assertStringIncludes(error.message, "delete");
      assertEquals(Deno.statSync(copy).size, bytes);
    }
    Deno.writeFileSync(copy, new Uint8Array());
    const journal = openJournal(copy, header, { resume: true, now });
    assertEquals([journal.isResumed, journal.collectedCount], [false, 0]);
    journal.close();
  }),
);

Deno.test(
  "a file of another kind is no journal, and is left as it is",
  withFolder((path) => {
    for (const content of ["x", "my only notes\n".repeat(1_000), "SQLite format 3\0".padEnd(4_096, "\0")]) {
      Deno.writeTextFileSync(path, content);
      for (const resume of [true, false]) {
        assertRefused(() => openJournal(path, header, { resume, now }), "journal-format", path, "--journal OTHER");
        assertEquals(Deno.readTextFileSync(path), content);
      }
      assertRefused(() => [...readJobLog(path)], "journal-format", path);
    }
  }),
);
