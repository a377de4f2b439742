import { assertEquals, assertStringIncludes, assertThrows } from "jsr:@std/assert@^1";
import { parseArguments } from "../../cli/args.ts";
import { UsageError } from "../../cli/errors.ts";
import { howToGoOn, journalFlags, journalName, journalRequest, keepJournal } from "../../cli/journal.ts";
import { defineJob } from "../../job/mod.ts";
import type { Summary } from "../../job/types.ts";
import { JournalError } from "../../server/journal/mod.ts";
import { fakeTerminal } from "./fake_terminal.ts";

const request = (isDefault: boolean, ...args: string[]) =>
  journalRequest(parseArguments(args, journalFlags(isDefault)).flags, "pi", isDefault);

Deno.test("a journal is named after its job, safe for any file system", () => {
  assertEquals(journalName("pi"), "pi.journal");
  assertEquals(journalName("../a b\\c:d?"), "_._a_b_c_d_.journal");
  assertEquals(journalName("-rf"), "_rf.journal");
  assertEquals(journalName("größe 2"), "größe_2.journal");
  assertEquals(journalName("x".repeat(300)).length, 108);
});

Deno.test("serve keeps a journal unless it is told not to, and run where it is told to", () => {
  const fresh = { path: "pi.journal", resume: false, retryFailed: false };
  assertEquals(request(true), fresh);
  assertEquals(request(true, "--no-journal"), undefined);
  assertEquals(request(false), undefined);
  assertEquals(request(false, "--journal", "a"), { ...fresh, path: "a" });
  assertEquals(request(false, "--resume"), { ...fresh, resume: true });
  assertEquals(request(false, "--retry-failed"), { ...fresh, retryFailed: true });
  assertThrows(() => request(true, "--no-journal", "--resume"), UsageError, "--no-journal contradicts --resume");
});

const job = defineJob({ name: "pi", options: { digits: 3 }, tasks: () => [], compute: () => 0 });

function start(path: string, ...args: string[]) {
  const terminal = fakeTerminal();
  const parsed = parseArguments(["--journal", path, ...args], journalFlags(true));
  const target = { job, codeHash: "0".repeat(64) };
  return { kept: keepJournal({ args: parsed, terminal }, target, { digits: 4 }, true)!, terminal };
}

function withFolder(test: (path: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    test(`${folder}/pi.journal`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const exists = (path: string): boolean => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
};

const result = {
  ...{ task: 0, attempt: 1, attempts: 1, node: "lab1", startedAt: 0, elapsedMs: 5, taskHash: "0".repeat(32) },
  payload: new Uint8Array(1),
};

Deno.test("what a journal holds is said when the job goes on from it", () => {
  withFolder((path) => {
    {
      const { kept, terminal } = start(path, "--resume");
      using _ = kept;
      assertEquals(terminal.notes, [`no results yet in ${path}: the job begins`]);
      kept.journal.append(result);
      kept.journal.appendFailure({ ...result, task: 1, outcome: "failed", message: "no", evidence: "[]" });
      kept.journal.commit();
    }
    const goesOn = `going on from ${path}: 1 result found, `;
    const plain = start(path, "--resume");
    plain.kept[Symbol.dispose]();
    assertEquals(plain.terminal.notes, [`${goesOn}1 task failed before (--retry-failed runs them again)`]);
    const retry = start(path, "--retry-failed");
    retry.kept[Symbol.dispose]();
    assertEquals(retry.terminal.notes, [`${goesOn}what failed is run again`]);
    const refused = assertThrows(() => start(path), JournalError);
    assertStringIncludes(refused.message, "--resume");
  });
});

Deno.test("a journal without any result does not stay", () => {
  withFolder((path) => {
    for (const outcome of ["stopped", "failed"] as const) {
      const { kept } = start(path);
      kept.journal.finish(outcome);
      kept[Symbol.dispose]();
      assertEquals(exists(path), false, outcome);
    }
    const { kept } = start(path);
    kept.journal.finish("complete");
    kept[Symbol.dispose]();
    assertEquals(exists(path), true);
  });
});

Deno.test("a person is told how to go on, where there is something to go on from", () => {
  const tell = (changes: Partial<Summary>, isWorthKeeping = true) => {
    const summary = { outcome: "complete", failed: 0, ...changes } as Summary;
    return howToGoOn(summary, { journal: { path: "pi.journal" }, isWorthKeeping: () => isWorthKeeping } as never) ?? "";
  };
  assertEquals(tell({}), "");
  assertEquals(tell({ outcome: "stopped" }, false), "");
  const head = "pi.journal has what was collected: start the same command with ";
  assertEquals(tell({ outcome: "stopped" }), `${head}--resume to go on`);
  assertEquals(tell({ failed: 2 }), `${head}--retry-failed to run again what failed`);
  assertEquals(tell({ outcome: "failed", failed: 1 }), `${head}--retry-failed to run again what failed`);
  assertEquals(
    tell({ outcome: "stopped", failed: 1 }),
    `${head}--resume to go on, or with --retry-failed to run again what failed`,
  );
});
