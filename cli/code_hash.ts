/**
 * Says in one number which code a job consists of, so that a server can refuse a node that would compute something
 * else.
 *
 * @module
 */
import { type Import, init, parse } from "npm:es-module-lexer@^3";
import { posix } from "node:path";

/** Reads a module. @throws when there is none at this URL. */
export type ReadModule = (url: URL) => Promise<Uint8Array>;

/** Reads modules as Deno imports them: files, also those in a compiled program, and what `fetch` can get. */
export async function readModule(url: URL): Promise<Uint8Array> {
  if (url.protocol === "file:") return await Deno.readFile(url);
  const response = await fetch(url);
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`Cannot read ${url}: the server answers ${response.status}`);
  }
  return await response.bytes();
}

/** The text of a module with line endings and byte order mark evened out, or `undefined` if it is no text. */
function decodeText(bytes: Uint8Array): string | undefined {
  try {
    // The decoder takes the byte order mark away by itself.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replaceAll("\r\n", "\n");
  } catch {
    return undefined;
  }
}

/** What a module imports while it runs. Imports of types alone are erased, and not part of a compiled program. */
function relativeImports(text: string, base: URL): URL[] {
  let imports: readonly Import[];
  try {
    imports = parse(text)[0];
  } catch {
    // The lexer is made for JavaScript; a TypeScript module that it cannot read still counts, but alone.
    return [];
  }
  return imports
    .filter((each) => !("typeOnly" in each && each.typeOnly))
    .map((each) => each.specifier)
    .filter((specifier): specifier is string => typeof specifier === "string" && /^\.{1,2}\//.test(specifier))
    .map((specifier) => new URL(specifier, base));
}

const encoder = new TextEncoder();

async function digest(parts: readonly Uint8Array[]): Promise<string> {
  const bytes = new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/**
 * Hashes a job module and all modules that it reaches by relative specifiers: their paths relative to the job's
 * folder, sorted, and their contents. What it imports by other specifiers counts by its name alone, which stands in
 * the contents.
 *
 * The hash does not depend on the place of the folder, on the name of the job's own file, or on line endings.
 *
 * @param url The URL of the job module, or a `jsr:` or `npm:` specifier, which is hashed by its name alone
 * @returns 64 hexadecimal digits.
 * @throws When the job module itself cannot be read.
 */
export async function hashCode(url: string, read: ReadModule = readModule): Promise<string> {
  if (/^(jsr|npm):/.test(url)) return await digest([encoder.encode(url)]);
  await init;
  const entry = new URL(url);
  const folder = posix.dirname(entry.pathname);
  const contents = new Map<string, Uint8Array>();

  const visit = async (module: URL): Promise<void> => {
    module.hash = "";
    const isEntry = module.href === entry.href;
    const name = isEntry ? "" : posix.relative(folder, module.pathname) + module.search;
    if (contents.has(name)) return;
    contents.set(name, new Uint8Array());
    let bytes: Uint8Array;
    try {
      bytes = await read(module);
    } catch (error) {
      if (isEntry) throw error;
      // An import in a branch that is not taken, or of nothing but types: its absence is what counts.
      bytes = encoder.encode("(absent)");
    }
    const text = decodeText(bytes);
    contents.set(name, text === undefined ? bytes : encoder.encode(text));
    if (text !== undefined) await Promise.all(relativeImports(text, module).map(visit));
  };
  entry.hash = "";
  await visit(new URL(entry));

  const parts = [...contents.keys()].sort().flatMap((name) => {
    const content = contents.get(name) as Uint8Array;
    return [encoder.encode(`${JSON.stringify(name)} ${content.length}\n`), content];
  });
  return await digest(parts);
}
