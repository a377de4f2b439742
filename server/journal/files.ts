/** What is at a journal's path. @module */
import { JournalError, journalError } from "./errors.ts";

/** SQLite reads some names as more than files: ":memory:", "file:...". */
export function fileName(path: string): string {
  return /^(:|file:)/i.test(path) ? `./${path}` : path;
}

function stat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw journalError(path, "open", error);
  }
}

/** Whether a folder is known to be missing; there may be no permission to look. */
function isMissing(folder: string): boolean {
  try {
    Deno.statSync(folder);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

/**
 * The size of a journal's file in bytes; `undefined` if there is none.
 *
 * @throws {JournalError} code `journal-io`, if there cannot be one.
 */
export function journalBytes(path: string): number | undefined {
  const fail = (what: string): never => {
    throw new JournalError("journal-io", path, `Cannot open the journal ${JSON.stringify(path)}: ${what}`);
  };
  if (path === "") fail("its name is empty; name a file (--journal FILE)");
  const found = stat(path);
  if (found?.isDirectory) fail("it is a folder; name a file in it (--journal FILE)");
  const folder = path.replace(/[^/\\]*$/, "");
  if (!found && folder !== "" && isMissing(folder)) fail(`there is no folder ${folder}; make it first`);
  return found?.size;
}
