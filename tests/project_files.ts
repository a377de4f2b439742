/**
 * The project's own files, for tests that look at the project as a whole.
 *
 * @module
 */

/** The project's folder, as a URL that ends in a slash. */
export const root = new URL("../", import.meta.url);

const notOurs = new Set([".git", "node_modules", "coverage"]);

/** The paths of all files of the project, relative to its root and with forward slashes, sorted. */
export function projectFiles(): string[] {
  const listed = fromGit() ?? [...walk(root, "")];
  return listed.sort();
}

/** What git tracks and what it would, or nothing where this is no checkout. */
function fromGit(): string[] | undefined {
  try {
    const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const { success, stdout } = new Deno.Command("git", { args, cwd: root, stderr: "null" }).outputSync();
    if (!success) return undefined;
    return new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "" && exists(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Git lists a deleted file until the deletion is committed. */
function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)).isFile;
  } catch {
    return false;
  }
}

function* walk(folder: URL, prefix: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    if (notOurs.has(entry.name)) continue;
    if (entry.isDirectory) yield* walk(new URL(`${entry.name}/`, folder), `${prefix}${entry.name}/`);
    else yield `${prefix}${entry.name}`;
  }
}

/** Reads one of the project's files. */
export function readProjectFile(path: string): string {
  return Deno.readTextFileSync(new URL(path, root));
}
