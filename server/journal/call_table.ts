/** The calls of a job's own books, in their order. @module */
import { crc32 } from "node:zlib";
import type { Database } from "./database.ts";
import { damaged } from "./errors.ts";
import type { StoredCall } from "./types.ts";

/** How many calls are read at once. */
const pageRows = 1_000;

interface CallRow {
  readonly seq: number;
  readonly kind: StoredCall["kind"];
  readonly node: string;
  readonly task: number | null;
  readonly data: Uint8Array | null;
  readonly sum: number;
}

const nothing = new Uint8Array();

function seal({ kind, node, task, data }: StoredCall): number {
  return crc32(data ?? nothing, crc32(`${kind} ${task ?? "-"} ${node}`));
}

function rowCall({ kind, node, task, data }: CallRow): StoredCall {
  return { kind, node, ...(task === null ? {} : { task }), ...(data === null ? {} : { data }) };
}

/** Prepares the statements over the table of calls. */
export function createCallTable({ path, prepare }: Pick<Database, "path" | "prepare">) {
  const insert = prepare("INSERT INTO call (kind, node, task, data, sum) VALUES (?, ?, ?, ?, ?)");
  const select = prepare(`SELECT * FROM call WHERE seq > ? ORDER BY seq LIMIT ${pageRows}`);
  const clear = prepare("DELETE FROM call");
  return {
    insert: (call: StoredCall): void =>
      insert.run(call.kind, call.node, call.task ?? null, call.data ?? null, seal(call)),
    clear: (): void => clear.run(),
    all: function* (): Generator<StoredCall> {
      for (let seq = 0;;) {
        const rows = select.all(seq) as unknown as CallRow[];
        for (const row of rows) {
          const call = rowCall(row);
          if (seal(call) !== row.sum) throw damaged(path, `call ${row.seq} is not what was written`);
          yield call;
          seq = row.seq;
        }
        if (rows.length < pageRows) return;
      }
    },
  };
}
