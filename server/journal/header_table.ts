/** The one row that says what a journal belongs to. @module */
import { crc32 } from "node:zlib";
import type { Summary } from "../../job/types.ts";
import { newRun } from "../run_identity.ts";
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

interface HeaderRow {
  readonly run: string;
  readonly job: string;
  readonly code: string;
  readonly package: string;
  /** JSON. */
  readonly options: string;
  readonly pinned: number;
  readonly begun: number;
}

function seal({ run, job, code, package: version, options, pinned, begun }: HeaderRow): number {
  return crc32(JSON.stringify([run, job, code, version, options, pinned, begun]));
}

const outcomes: readonly unknown[] = ["complete", "failed", "stopped", null] satisfies (Summary["outcome"] | null)[];

/** Reads the row. @throws {JournalError} code `journal-damaged`. */
export function readHeader({ path, prepare }: Pick<Database, "path" | "prepare">): StoredHeader {
  const row = prepare("SELECT * FROM header").get() as
    | HeaderRow & { readonly sum: number; readonly outcome: Summary["outcome"] | null }
    | undefined;
  if (row === undefined || seal(row) !== row.sum || !outcomes.includes(row.outcome)) {
    throw damaged(path, "its header is not what was written");
  }
  const { run, job, code, package: packageVersion, begun, outcome } = row;
  const [options, pinned] = [JSON.parse(row.options), row.pinned === 1];
  return { run, job, codeHash: code, packageVersion, options, pinned, begun, outcome: outcome ?? undefined };
}

/** Empties the journal and writes the row of a new run. */
export function writeHeader(database: WritableDatabase, header: JournalHeader, options: JournalOptions): void {
  const { now, run = newRun() } = options;
  const row: HeaderRow = {
    run,
    job: header.job,
    code: header.codeHash,
    package: header.packageVersion,
    options: JSON.stringify(header.options),
    pinned: header.pinned ? 1 : 0,
    begun: Math.round(now),
  };
  database.clear();
  database.prepare(
    "INSERT INTO header (id, run, job, code, package, options, pinned, begun, sum) VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?)",
  ).run(row.run, row.job, row.code, row.package, row.options, row.pinned, row.begun, seal(row));
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
    const what = "another process took it over, and its file system does not lock files; keep it on another " +
      "(--journal OTHER)";
    throw new JournalError("journal-locked", path, `Cannot write to the journal ${path}: ${what}`);
  };
}
