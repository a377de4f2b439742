import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { defineJob } from "../../job/define_job.ts";
import { defineJobPair } from "../../job/define_job_pair.ts";
import { JobError } from "../../job/errors.ts";

const sound = { name: "sound", tasks: () => [1], compute: () => 1 };

function assertRefused(change: Record<string, unknown>, message: string) {
  const error = assertThrows(() => defineJob({ ...sound, ...change }), JobError, message);
  assertEquals(error.code, "job-invalid");
}

Deno.test("defineJob refuses names that are empty, long or of several lines", () => {
  for (const name of ["", "  ", "a\nb", "a".repeat(101), 5, undefined]) {
    assertRefused({ name }, "name must be one line of 1 to 100 characters");
  }
});

Deno.test("defineJob refuses functions that are missing or are none, and fields that it does not know", () => {
  assertRefused({ compute: undefined }, 'Cannot define job "sound": compute must be a function');
  assertRefused({ tasks: [1] }, "tasks must be a function");
  assertRefused({ finish: 5 }, "finish must be a function");
  assertRefused({ colect: () => {} }, '"colect" is no field of a job (these are name, options, limits, state, tasks');
  assertRefused({ options: 5 }, "options must be an object");
  assertRefused({ limits: null }, "limits must be an object");
});

Deno.test("defineJob refuses options that a command line cannot fill", () => {
  const refuse = (options: Record<string, unknown>, message: string) => assertRefused({ options }, message);
  refuse({ "max-size": 1 }, 'Cannot define job "sound": option "max-size" is not named in camelCase');
  refuse({ Size: 1 }, '"Size" is not named in camelCase');
  refuse({ help: true }, '"help" has a reserved name');
  refuse({ toString: "a" }, '"toString" has a reserved name');
  refuse({ size: NaN }, '"size" has the default NaN: it must be finite');
  refuse({ size: [1] }, "it must be a number, a string or a boolean");
  refuse({ size: undefined }, 'option "size" has the default undefined');
  refuse({ cache: true, noCache: true }, '"noCache" has the flag that turns cache off');
  defineJob({ ...sound, options: { noise: 1, noCache: true, x2: "a" } });
});

Deno.test("defineJob refuses limits that limit nothing", () => {
  assertRefused({ limits: { timeoutMs: -1 } }, "limits.timeoutMs = -1 must be a whole number of milliseconds");
  assertRefused({ limits: { timeoutMs: 0.5 } }, "limits.timeoutMs = 0.5");
  assertRefused({ limits: { maxAttempts: 0 } }, "limits.maxAttempts = 0 must be a whole number from 1");
});

Deno.test("defineJobPair checks its definition in the same way", () => {
  const pair = { name: "", server: () => ({}), node: () => ({}) } as unknown as Parameters<typeof defineJobPair>[0];
  assertThrows(() => defineJobPair(pair), JobError, "name must be one line");
  const half = { ...pair, name: "half", node: undefined } as unknown as Parameters<typeof defineJobPair>[0];
  assertThrows(() => defineJobPair(half), JobError, "node must be a function");
});
