/** What the tests of the journal share. @module */
import { assertInstanceOf, assertThrows } from "jsr:@std/assert@^1";
import {
  JournalError,
  type JournalErrorCode,
  type JournalHeader,
  type StoredFailure,
  type StoredResult,
  taskHash,
} from "../../../server/journal/mod.ts";

export const header: JournalHeader = {
  job: "pi",
  codeHash: "c0de".repeat(16),
  packageVersion: "1.2.3",
  options: { size: 4000, out: "a.png", fast: true },
  pinned: false,
};

/** Noon of a day; no test depends on the real time. */
export const now = Date.UTC(2026, 0, 2, 12);

/** Bytes that differ from task to task. */
export function payloadOf(task: number, bytes = 20): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (task * 31 + i * 7) & 0xff);
}

export function result(task: number, payload = payloadOf(task)): StoredResult {
  return {
    task,
    attempt: 1 + task % 2,
    attempts: 1 + task % 3,
    node: `node-${task % 4}`,
    startedAt: now + task,
    elapsedMs: task * 1.37,
    taskHash: taskHash(payloadOf(task, 8)),
    payload,
  };
}

export function failure(task: number): StoredFailure {
  return {
    task,
    attempts: 3,
    outcome: task % 2 === 0 ? "failed" : "quarantined",
    node: "node-7",
    startedAt: now + task,
    elapsedMs: 12.5,
    taskHash: taskHash(payloadOf(task, 8)),
    message: `task ${task} \u2260 0`,
    evidence: JSON.stringify([{ node: "node-7", error: "oh" }]),
  };
}

/** A name for a journal in a folder of its own, which is gone after the test. */
export function withFolder(test: (path: string, folder: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await Deno.makeTempDir({ prefix: "gristmill journal " });
    try {
      await test(`${folder}/pi.journal`, folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
}

/** Runs what must throw a JournalError with that code and these words, in one line. */
export function assertRefused(run: () => unknown, code: JournalErrorCode, ...words: string[]): JournalError {
  const error = assertThrows(run);
  assertInstanceOf(error, JournalError);
  const missing = words.filter((word) => !error.message.includes(word));
  if (error.code !== code || missing.length > 0 || error.message.includes("\n")) {
    throw new Error(`expected ${code} with ${JSON.stringify(words)}, got ${error.code}: ${error.message}`);
  }
  return error;
}
