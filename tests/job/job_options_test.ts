import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { JobError } from "../../job/errors.ts";
import { describeJobOptions, fillJobOptions, optionFlag, parseJobOptions } from "../../job/job_options.ts";

const defaults = { size: 4000, maxIterations: 1000, shade: false, trim: true, out: "mandelbrot.png" };

function assertRefused(args: string[], message: string) {
  const error = assertThrows(() => parseJobOptions(defaults, args), JobError, message);
  assertEquals(error.code, "option-invalid");
}

Deno.test("parseJobOptions keeps the defaults of what is not given", () => {
  assertEquals(parseJobOptions(defaults, []), defaults);
});

Deno.test("parseJobOptions reads values after a space and after an equals sign", () => {
  const args = ["--max-iterations", "5", "--size=70", "--out", "a=b.png", "--shade", "--no-trim"];
  assertEquals(parseJobOptions(defaults, args), {
    size: 70,
    maxIterations: 5,
    shade: true,
    trim: false,
    out: "a=b.png",
  });
  assertEquals(parseJobOptions(defaults, ["--out=a=b.png"]).out, "a=b.png");
  assertEquals(parseJobOptions(defaults, ["--out="]).out, "");
  assertEquals(parseJobOptions(defaults, ["--out", "-"]).out, "-");
});

Deno.test("parseJobOptions reads numbers with exponents, fractions and signs", () => {
  const size = (word: string) => parseJobOptions(defaults, ["--size", word]).size;
  assertEquals(["4e3", "-3", "-.5", "+2", "1.25e-2"].map(size), [4000, -3, -0.5, 2, 0.0125]);
});

Deno.test("parseJobOptions refuses what is no number", () => {
  for (const word of ["big", "", " ", "1k", "NaN", "Infinity", "1e999"]) {
    assertRefused([`--size=${word}`], `Cannot read --size ${JSON.stringify(word)}: it must be a number, such as 4000`);
  }
});

Deno.test("parseJobOptions reads booleans with and without a value", () => {
  assertEquals(parseJobOptions(defaults, ["--shade=true", "--trim=false"]).shade, true);
  assertEquals(parseJobOptions(defaults, ["--trim=false"]).trim, false);
  assertRefused(["--shade=yes"], "Cannot read --shade=yes: it must be true or false");
});

Deno.test("parseJobOptions lets the last word count", () => {
  assertEquals(parseJobOptions(defaults, ["--size", "1", "--size", "2", "--shade", "--no-shade"]).size, 2);
});

Deno.test("parseJobOptions refuses an unknown option with the known ones and the one that was meant", () => {
  assertRefused(
    ["--max-iteration", "5"],
    "Unknown option --max-iteration: did you mean --max-iterations? " +
      "the job's options are --size, --max-iterations, --shade, --trim, --out",
  );
  assertRefused(["--maxIterations=5"], "did you mean --max-iterations?");
  assertRefused(["--colour"], "Unknown option --colour: the job's options are");
  assertRefused(["--no-size"], "Unknown option --no-size");
  assertRefused(["--no-shade=true"], "Unknown option --no-shade");
  assertRefused(["-s"], "Unknown option -s");
  assertRefused(["pixels"], 'Unexpected word "pixels": the job\'s options are');
  assertThrows(() => parseJobOptions({}, ["--size"]), JobError, "Unknown option --size: the job has no options");
});

Deno.test("parseJobOptions refuses an option without its value", () => {
  assertRefused(["--out"], "Cannot read --out: its value is missing");
  assertRefused(["--out", "--size", "3"], "one that begins with dashes is given as --out=VALUE");
  assertEquals(parseJobOptions(defaults, ["--out=--size"]).out, "--size");
});

Deno.test("fillJobOptions takes values of the defaults' types only", () => {
  assertEquals(fillJobOptions(defaults, { size: 5, out: undefined }), { ...defaults, size: 5 });
  const refuse = (given: Record<string, unknown>, message: string) =>
    assertThrows(() => fillJobOptions(defaults, given), JobError, message);
  refuse({ size: "5" }, 'Cannot use size = "5": it must be a finite number, such as 4000');
  refuse({ size: NaN }, "Cannot use size = NaN");
  refuse({ out: 1 }, 'it must be a string, such as "mandelbrot.png"');
  refuse({ shade: "true" }, "it must be a boolean, such as false");
  refuse({ maxIteration: 5 }, "Unknown option maxIteration: did you mean maxIterations?");
  refuse({ constructor: 5 }, "Unknown option constructor");
});

Deno.test("optionFlag turns camelCase into words with dashes", () => {
  assertEquals(["size", "maxIterations", "x2", "aB"].map(optionFlag), ["--size", "--max-iterations", "--x2", "--a-b"]);
});

Deno.test("describeJobOptions has a line with the default for each option", () => {
  assertEquals(describeJobOptions({ size: 4000, out: "a.png", shade: true }), [
    "--size NUMBER  (default 4000)",
    '--out TEXT     (default "a.png")',
    "--[no-]shade   (default true)",
  ]);
  assertEquals(describeJobOptions({}), []);
});
