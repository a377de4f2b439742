/**
 * One writer a journal, on all systems: the writer holds a lock that the system takes away with the process, however
 * that ends. The journal's own file cannot carry it, since readers may come at any time; so it is on an empty file
 * beside it, which is left behind by a process that was killed, and taken over by the next one.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { JournalError, journalError } from "./errors.ts";
import { fileName } from "./files.ts";

/**
 * Takes the lock.
 *
 * @returns gives it back.
 * @throws {JournalError} code `journal-locked`, if another writer has it.
 */
export function lockJournal(path: string): () => void {
  const lockPath = `${path}-lock`;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(fileName(lockPath), { timeout: 0 });
    // Of a database without content, SQLite locks the file and writes nothing, neither to it nor beside it.
    database.prepare("PRAGMA journal_mode = MEMORY").get();
    database.prepare("BEGIN EXCLUSIVE").run();
  } catch (error) {
    database?.close();
    const found = journalError(lockPath, "open", error);
    if (found.code !== "journal-locked") throw found;
    const what = "another process writes to it: wait for its end, or keep another journal (--journal OTHER)";
    throw new JournalError("journal-locked", path, `Cannot open the journal ${path}: ${what}`, { cause: error });
  }
  return () => {
    database.close();
    try {
      Deno.removeSync(lockPath);
    } catch {
      // An empty file is in nobody's way.
    }
  };
}
