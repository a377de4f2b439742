/** The one row that says what a journal belongs to. @module */
import type { Summary } from "../../job/types.ts";
import type { Database, WritableDatabase } from "./database.ts";
import { damaged, JournalError } from "./errors.ts";
import type { JournalHeader, JournalOptions } from "./types.ts";

/** The row, read. */
export interface StoredHeader extends JournalHeader {
  readonly run: string;
  /** When the run began, in milliseconds since 1970. */
  readonly begun: number;
  readonly outcome: Summary["outcome"] | undefined;
}

/** Reads the row. @throws {JournalError} code `journal-damaged`. */
export function readHeader({ path, prepare }: Pick<Database, "path" | "prepare">): StoredHeader {
  const row = prepare("SELECT * FROM header").get();
  try {
    const { run, job, code, package: packageVersion, options, pinned, begun, outcome } = row as Record<string, string>;
    return {
      run,
      job,
      codeHash: code,
      packageVersion,
      options: JSON.parse(options),
      pinned: Number(pinned) === 1,
      begun: Number(begun),
      outcome: (outcome ?? undefined) as StoredHeader["outcome"],
    };
  } catch (error) {
    throw damaged(path, "its header is not what was written", { cause: error });
  }
}

function newRun(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Empties the journal and writes the row of a new run. */
export function writeHeader(database: WritableDatabase, header: JournalHeader, options: JournalOptions): void {
  const { job, codeHash, packageVersion, pinned } = header;
  const { now, run = newRun() } = options;
  database.clear();
  database.prepare(
    "INSERT INTO header (id, run, job, code, package, options, pinned, begun) VALUES (0, ?, ?, ?, ?, ?, ?, ?)",
  ).run(run, job, codeHash, packageVersion, JSON.stringify(header.options), pinned ? 1 : 0, Math.round(now));
}

/**
 * Names this process as the writer. The lock is what keeps others away; this finds out where it does not hold, as on
 * some shared file systems.
 *
 * @returns makes sure that it still is, inside of a transaction; throws a {@linkcode JournalError} otherwise.
 */
export function claim({ path, prepare, write }: WritableDatabase): () => void {
  const me = crypto.randomUUID();
  write(() => prepare("UPDATE header SET writer = ?").run(me));
  const writer = prepare("SELECT writer FROM header");
  return () => {
    if (writer.get()?.writer === me) return;
    const what =
      "another process took it over; on a file system that does not lock files, use another (--journal OTHER)";
    throw new JournalError("journal-locked", path, `Cannot write to the journal ${path}: ${what}`);
  };
}
