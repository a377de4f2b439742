import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "jsr:@std/assert@^1";
import { hashCode } from "../../cli/code_hash.ts";

/** Hashes modules that are held in memory. */
function hashOf(modules: Record<string, string | Uint8Array>, entry: string): Promise<string> {
  return hashCode(entry, (url) => {
    const source = modules[url.href];
    if (source === undefined) return Promise.reject(new Error(`no module ${url.href}`));
    return Promise.resolve(typeof source === "string" ? new TextEncoder().encode(source) : source);
  });
}

const job = 'import { n } from "./lib/n.ts";\nimport "jsr:@std/assert@^1";\nexport default n;\n';
const at = (folder: string, n = "export const n = 1;\n", entry = job) => ({
  [`${folder}/job.ts`]: entry,
  [`${folder}/lib/n.ts`]: n,
});

Deno.test("a code hash is 64 hexadecimal digits and the same every time", async () => {
  const hash = await hashOf(at("file:///a"), "file:///a/job.ts");
  assertMatch(hash, /^[0-9a-f]{64}$/);
  assertEquals(await hashOf(at("file:///a"), "file:///a/job.ts"), hash);
});

Deno.test("a code hash does not depend on the folder, the file's name, the origin or line endings", async () => {
  const hash = await hashOf(at("file:///a"), "file:///a/job.ts");
  assertEquals(await hashOf(at("file:///home/me/b"), "file:///home/me/b/job.ts"), hash);
  assertEquals(await hashOf(at("https://example.org/x"), "https://example.org/x/job.ts"), hash);
  const crlf = at("file:///a", "export const n = 1;\r\n", job.replaceAll("\n", "\r\n"));
  assertEquals(await hashOf(crlf, "file:///a/job.ts"), hash);
  const renamed = { "file:///a/mine.ts": job, "file:///a/lib/n.ts": "export const n = 1;\n" };
  assertEquals(await hashOf(renamed, "file:///a/mine.ts"), hash);
});

Deno.test("a code hash changes with the job and with each module that it reaches", async () => {
  const base = await hashOf(at("file:///a"), "file:///a/job.ts");
  assertNotEquals(await hashOf(at("file:///a", "export const n = 2;\n"), "file:///a/job.ts"), base);
  assertNotEquals(await hashOf(at("file:///a", undefined, `${job}// more\n`), "file:///a/job.ts"), base);
  const deep = (value: number) => ({
    ...at("file:///a", 'export * from "../../shared/deep.ts";\n'),
    "file:///shared/deep.ts": `export const n = ${value};\n`,
  });
  assertNotEquals(
    await hashOf(deep(1), "file:///a/job.ts"),
    await hashOf(deep(2), "file:///a/job.ts"),
  );
});

Deno.test("a code hash follows re-exports, literal dynamic imports, cycles and two ways to one module", async () => {
  const modules = (deep: string) => ({
    "file:///a/job.ts": 'export { x } from "./x.ts"; const y = () => import("./y.ts"); export default y;',
    "file:///a/x.ts": 'import "./job.ts"; import "./y.ts"; export const x = 1;',
    "file:///a/y.ts": `export const y = "${deep}";`,
  });
  assertNotEquals(
    await hashOf(modules("one"), "file:///a/job.ts"),
    await hashOf(modules("two"), "file:///a/job.ts"),
  );
});

Deno.test("imports of types alone do not count", async () => {
  const modules = (type: string) => ({
    "file:///a/job.ts": 'import type { T } from "./types.ts"; export default 1 as T;',
    "file:///a/types.ts": `export type T = ${type};`,
  });
  assertEquals(await hashOf(modules("1"), "file:///a/job.ts"), await hashOf(modules("2"), "file:///a/job.ts"));
});

Deno.test("data that is imported counts byte by byte", async () => {
  const modules = (bytes: number[]) => ({
    "file:///a/job.ts": 'import * as wasm from "./code.wasm"; export default wasm;',
    "file:///a/code.wasm": new Uint8Array(bytes),
  });
  assertNotEquals(
    await hashOf(modules([0xff, 13, 10]), "file:///a/job.ts"),
    await hashOf(modules([0xff, 10]), "file:///a/job.ts"),
  );
});

Deno.test("a module that the lexer cannot read counts alone", async () => {
  const modules = (text: string) => ({
    "file:///a/job.ts": 'import "./odd.ts"; export default 1;',
    "file:///a/odd.ts": text,
  });
  const first = await hashOf(modules("export const x = `${"), "file:///a/job.ts");
  assertNotEquals(first, await hashOf(modules("export const y = `${"), "file:///a/job.ts"));
});

Deno.test("a job that cannot be read has no hash; one from a registry is known by its name", async () => {
  await assertRejects(() => hashOf({}, "file:///a/job.ts"), Error, "no module");
  const hash = await hashOf({}, "npm:my-job@1");
  assertNotEquals(hash, await hashOf({}, "npm:my-job@2"));
});
