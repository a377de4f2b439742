import { assertEquals, assertMatch, assertRejects, assertThrows } from "jsr:@std/assert@^1";
import { stripVTControlCharacters } from "node:util";
import { LoadError } from "../../cli/errors.ts";
import { loadJob, resolveJobUrl } from "../../cli/load_job.ts";
import type { JobError } from "../../job/errors.ts";

const jobFile = new URL("../../job/define_job.ts", import.meta.url).href;

async function withModule(source: string, use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/job.ts`, source);
    await use(`${folder}/job.ts`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const refuses = (source: string, code: string, pattern: RegExp) =>
  withModule(source, async (path) => {
    const thrown = await assertRejects(() => loadJob(path)) as LoadError | JobError;
    assertEquals(thrown.code, code);
    assertMatch(thrown.message, pattern);
  });

Deno.test("a job is loaded with its URL and its hash", async () => {
  const source = `import { defineJob } from "${jobFile}";
    export default defineJob({ name: "squares", tasks: () => [1, 2], compute: (n: number) => n * n });`;
  await withModule(source, async (path) => {
    const { job, url, codeHash } = await loadJob("job.ts", path.slice(0, -"/job.ts".length));
    assertEquals([job.name, url.endsWith("/job.ts")], ["squares", true]);
    assertMatch(codeHash, /^[0-9a-f]{64}$/);
  });
});

Deno.test("a job is named by a path, by a URL or by a specifier", () => {
  assertEquals(resolveJobUrl("x y/job.ts", "/home/me"), "file:///home/me/x%20y/job.ts");
  assertEquals(resolveJobUrl("https://example.org/job.ts", "/"), "https://example.org/job.ts");
  assertEquals(resolveJobUrl("jsr:@me/job", "/"), "jsr:@me/job");
  assertThrows(() => resolveJobUrl("ftp://example.org/job.ts", "/"), LoadError, "ftp://example.org/job.ts");
});

Deno.test("a job file that is not there is refused with its full path", async () => {
  const thrown = await assertRejects(() => loadJob("nope.ts", "/no/such"), LoadError);
  assertEquals(thrown.code, "job-not-found");
  assertMatch(thrown.message, /^Cannot load the job nope\.ts: there is no file \S*\/no\/such\/nope\.ts$/);
});

Deno.test("a folder is no job", async () => {
  const thrown = await assertRejects(() => loadJob("."), LoadError);
  assertEquals(thrown.code, "job-unreadable");
});

Deno.test("a module without a job is refused, and told how to make one", async () => {
  await refuses("export const x = 1;", "job-missing", /no default export.*defineJob/);
  await refuses("export default { name: 'x' };", "job-unknown", /default export is an object.*defineJob/);
});

Deno.test("a module that throws is refused with its message and where it threw", async () => {
  await refuses('throw new RangeError("too big");', "job-throws", /: RangeError: too big\n\s+at .*job\.ts:1:/);
  await refuses('throw "text";', "job-throws", /it throws "text"/);
  await refuses('import "./absent.ts";', "job-throws", /absent\.ts/);
  await refuses("export default {", "job-throws", /job\.ts/);
});

Deno.test("a module that cannot be loaded is told of without our own frames, colours or repetition", async () => {
  const invalid = `import { defineJob } from "${jobFile}"; export default defineJob({ name: "x", tasks: 3 });`;
  for (const source of ["export default {", 'import "./absent.ts";', invalid]) {
    await withModule(source, async (path) => {
      const { message } = await assertRejects(() => loadJob(path), LoadError);
      const frames = message.split("\n").filter((line) => /^\s+at /.test(line));
      assertEquals(frames.filter((frame) => frame.includes("/job.ts:1:")).length, 1, message);
      assertEquals(frames.filter((frame) => /\/(cli|job)\/(?!load_job_test)|main\.ts/.test(frame)), [], message);
      assertEquals(stripVTControlCharacters(message), message);
    });
  }
});
