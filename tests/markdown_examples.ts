/**
 * Runs the examples of a document, so that they cannot go stale.
 *
 * @module
 */
import { assert } from "jsr:@std/assert@^1";

const root = new URL("../", import.meta.url);
const config: { name: string; exports: Record<string, string> } = JSON.parse(
  Deno.readTextFileSync(new URL("deno.json", root)),
);
/** What was given on the command line for this process is wanted for a child of it as well. */
const isNpmDoor = import.meta.resolve("jsr:@std/assert@^1").startsWith("file:");
const doorFlags = isNpmDoor
  ? [`--import-map=${new URL("npm/import_map.json", root).pathname}`, "--node-modules-dir=manual"]
  : [];

/** The `ts` blocks of a Markdown text, or of the doc comments of a module. */
export function extractExamples(text: string): string[] {
  const blocks = text.matchAll(/^([ \t]*(?:\* ?)?)```ts\n([\s\S]*?)^\1```$/gm);
  return Array.from(blocks, ([, indent, code]) => {
    return code.split("\n").map((line) =>
      line.startsWith(indent) ? line.slice(indent.length) : line.trimStart().slice(1)
    ).join("\n");
  });
}

/** Points the package's own specifiers at its sources. */
function localized(code: string): string {
  return code.replace(/"@gristmill\/gristmill(\/[\w/]+)?"/g, (specifier, path = "") => {
    const target = config.exports[`.${path}`];
    assert(target !== undefined, `${specifier} is not exported by deno.json`);
    return JSON.stringify(new URL(target, root).href);
  });
}

/** Registers a test that checks the types of all examples of these files, and runs each of them. */
export function testExamples(...files: string[]): void {
  Deno.test(`examples in ${files.join(", ")} type-check and run`, async () => {
    const directory = await Deno.makeTempDir();
    try {
      const paths: string[] = [];
      for (const file of files) {
        const examples = extractExamples(await Deno.readTextFile(new URL(file, root)));
        assert(examples.length > 0, `${file} has no examples`);
        for (const [index, example] of examples.entries()) {
          const path = `${directory}/${file.replaceAll(/\W/g, "_")}_example_${index + 1}.ts`;
          await Deno.writeTextFile(path, localized(example) + "\nexport {};\n");
          paths.push(path);
        }
      }
      const args = ["check", "--quiet", ...doorFlags, ...paths];
      const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root, stdin: "null" }).output();
      assert(success, new TextDecoder().decode(stderr));
      for (const path of paths) await import(`file://${path}`);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
