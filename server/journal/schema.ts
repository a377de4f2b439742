/** The tables of a journal. The file is an SQLite database: https://www.sqlite.org/fileformat2.html @module */

/** "Gris": marks the database as a journal of Gristmill. */
export const applicationId = 0x47726973;

/** The version of the tables; a journal of another version cannot be used. */
export const formatVersion = 1;

/** Larger payloads are split: SQLite takes at most 10^9 bytes in one value, and copies each. */
export const partBytesMax = 16 * 1024 * 1024;

/** Drops what a finished job left. */
export const dropTables = ["header", "task", "part", "call", "snapshot", "snapshot_part"]
  .map((name) => `DROP TABLE IF EXISTS ${name}`);

/**
 * `header` has one row; `writer` is who opened the file last. `task` has one row for each task that ended; its payload
 * is the result or what is known of the failure, and NULL if the result is in the snapshot. `part` has the rest of long
 * payloads. `covered` are the tasks of the snapshot as JSON. `sum` is a CRC-32 over the values of a row, with which
 * belong to it, for SQLite itself does not check that they are those that were written.
 */
export const createTables = [
  `CREATE TABLE header (
    id INTEGER PRIMARY KEY CHECK (id = 0), run TEXT NOT NULL, job TEXT NOT NULL, code TEXT NOT NULL,
    package TEXT NOT NULL, options TEXT NOT NULL, pinned INTEGER NOT NULL, begun INTEGER NOT NULL, sum INTEGER NOT NULL,
    outcome TEXT, writer TEXT) STRICT`,
  `CREATE TABLE task (
    task INTEGER PRIMARY KEY, outcome TEXT NOT NULL, attempt INTEGER NOT NULL, attempts INTEGER NOT NULL,
    node TEXT NOT NULL, started INTEGER NOT NULL, elapsed REAL NOT NULL, hash TEXT NOT NULL, sum INTEGER NOT NULL,
    payload BLOB) STRICT`,
  `CREATE TABLE part (
    task INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (task, part)) STRICT`,
  `CREATE TABLE call (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, node TEXT NOT NULL, task INTEGER, data BLOB, sum INTEGER NOT NULL)
    STRICT`,
  `CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 0), covered TEXT NOT NULL, sum INTEGER NOT NULL) STRICT`,
  `CREATE TABLE snapshot_part (part INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT`,
  `PRAGMA application_id = ${applicationId}`,
  `PRAGMA user_version = ${formatVersion}`,
];
