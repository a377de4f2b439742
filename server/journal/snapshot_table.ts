/** The latest state of a job's own books. @module */
import { crc32 } from "node:zlib";
import type { Database } from "./database.ts";
import { damaged } from "./errors.ts";
import { join, split } from "./parts.ts";
import type { StoredSnapshot, TaskRange } from "./types.ts";

function seal(covered: string, parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), crc32(covered));
}

/** Prepares the statements over the snapshot. */
export function createSnapshotTable({ path, prepare }: Pick<Database, "path" | "prepare">) {
  const replace = prepare("INSERT OR REPLACE INTO snapshot VALUES (0, ?, ?)");
  const clearParts = prepare("DELETE FROM snapshot_part");
  const insertPart = prepare("INSERT INTO snapshot_part VALUES (?, ?)");
  const select = prepare("SELECT covered, sum FROM snapshot");
  const selectParts = prepare("SELECT data FROM snapshot_part ORDER BY part");
  return {
    save: (data: Uint8Array, tasks: readonly TaskRange[]): void => {
      const parts = split(data);
      const covered = JSON.stringify(tasks);
      clearParts.run();
      parts.forEach((part, i) => insertPart.run(i, part));
      replace.run(covered, seal(covered, parts));
    },
    load: (): StoredSnapshot | undefined => {
      const found = select.get() as { covered: string; sum: number } | undefined;
      if (found === undefined) return undefined;
      const parts = selectParts.all().map(({ data }) => data as Uint8Array);
      if (seal(found.covered, parts) !== found.sum) throw damaged(path, "its snapshot is not what was written");
      return { data: join(parts), tasks: JSON.parse(found.covered) };
    },
  };
}
