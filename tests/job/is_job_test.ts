import { assertEquals, assertStrictEquals, assertThrows } from "jsr:@std/assert@^1";
import { defineJob } from "../../job/define_job.ts";
import { JobError } from "../../job/errors.ts";
import { isJob, jobOf } from "../../job/is_job.ts";

const job = defineJob({ name: "one", tasks: () => [1], compute: (task) => task });

Deno.test("isJob goes by the mark, so that jobs of another copy of the package count", () => {
  assertEquals([isJob(job), isJob({ ...job }), isJob({ ...job, gristmill: "job/2" })], [true, true, false]);
  for (const value of [null, undefined, 1, "job/1", {}, () => {}]) assertEquals(isJob(value), false);
});

Deno.test("jobOf finds the default export", () => {
  assertStrictEquals(jobOf({ default: job, other: 1 }, "job.ts"), job);
});

Deno.test("jobOf says what is wrong with a module that exports no job", () => {
  const refuse = (module: Record<string, unknown>, code: string, message: string) =>
    assertEquals(assertThrows(() => jobOf(module, "job.ts"), JobError, message).code, code);
  refuse({ job }, "job-missing", "Cannot use job.ts as a job: it has no default export (write `export default define");
  refuse({ default: { name: "x" } }, "job-unknown", "its default export is an object that defineJob did not make");
  refuse({ default: { gristmill: "job/2" } }, "job-unknown", 'another version of Gristmill ("job/2", not "job/1")');
  refuse({ default: defineJob }, "job-unknown", "its default export is the function defineJob");
  refuse({ default: Promise.resolve(job) }, "job-unknown", "is a promise (write `export default await ...`)");
  refuse({ default: undefined }, "job-unknown", "is undefined");
  refuse({ default: null }, "job-unknown", "is null");
  refuse({ default: "job" }, "job-unknown", 'is the string "job"');
  refuse({ default: [job] }, "job-unknown", "is an array");
});
