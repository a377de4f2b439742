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
  const clear = prepare("DELETE FROM snapshot");
  const insert = prepare("INSERT INTO snapshot VALUES (?, ?)");
  const select = prepare("SELECT data FROM snapshot ORDER BY part");
  const setCovered = prepare("UPDATE header SET covered = ?, sum = ?");
  const selectCovered = prepare("SELECT covered, sum FROM header");
  return {
    save: (data: Uint8Array, tasks: readonly TaskRange[]): void => {
      const parts = split(data);
      const covered = JSON.stringify(tasks);
      clear.run();
      parts.forEach((part, i) => insert.run(i, part));
      setCovered.run(covered, seal(covered, parts));
    },
    load: (): StoredSnapshot | undefined => {
      const { covered, sum } = selectCovered.get() as { covered: string | null; sum: number | null };
      if (covered === null && sum === null) return undefined;
      const parts = select.all().map(({ data }) => data as Uint8Array);
      if (seal(covered ?? "", parts) !== sum) throw damaged(path, "its snapshot is not what was written");
      return { data: join(parts), tasks: JSON.parse(covered!) };
    },
  };
}
