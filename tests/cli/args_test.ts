import { assertEquals, assertThrows } from "jsr:@std/assert@^1";
import { type Flag, parseArguments } from "../../cli/args.ts";
import { UsageError } from "../../cli/errors.ts";

const flags: Flag[] = [
  { name: "workers", type: "number", help: "" },
  { name: "name", type: "string", help: "" },
  { name: "compress", type: "boolean", help: "" },
  { name: "quiet", type: "boolean", help: "" },
  { name: "label", type: "list", help: "" },
  { name: "allow-net", type: "grant", help: "" },
];

const parse = (...args: string[]) => {
  const { flags: values, positionals, rest } = parseArguments(args, flags);
  return { flags: Object.fromEntries(values), positionals, rest };
};

Deno.test("arguments hold the flags that were given and no others", () => {
  assertEquals(parse("job.ts"), { flags: {}, positionals: ["job.ts"], rest: [] });
  assertEquals(parse("--workers", "4", "job.ts", "--name=lab"), {
    flags: { workers: 4, name: "lab" },
    positionals: ["job.ts"],
    rest: [],
  });
});

Deno.test("a boolean can be given and taken back", () => {
  assertEquals(parse("--compress", "--quiet").flags, { compress: true, quiet: true });
  assertEquals(parse("--no-compress").flags, { compress: false });
});

Deno.test("of a flag that is given twice the last one counts, and a list keeps all", () => {
  assertEquals(parse("--workers", "1", "--workers", "2").flags, { workers: 2 });
  assertEquals(parse("--label", "a=1", "--label=b=2").flags, { label: ["a=1", "b=2"] });
});

Deno.test("a string that looks like a number stays a string", () => {
  assertEquals(parse("--name", "007", "123"), { flags: { name: "007" }, positionals: ["123"], rest: [] });
});

Deno.test("a negative number is a value and no flag", () => {
  assertEquals(parse("--workers", "-2").flags, { workers: -2 });
  assertEquals(parse("--workers", "-.5").flags, { workers: -0.5 });
});

Deno.test("what stands behind two dashes is left alone", () => {
  assertEquals(parse("--quiet", "job.ts", "--", "--workers", "-5", "--", "x"), {
    flags: { quiet: true },
    positionals: ["job.ts"],
    rest: ["--workers", "-5", "--", "x"],
  });
});

Deno.test("an unknown flag is refused with the one that was meant", () => {
  assertThrows(() => parse("--wokers", "4"), UsageError, "Unknown option --wokers; did you mean --workers?");
  assertThrows(() => parse("--no-compres"), UsageError, "Unknown option --no-compres");
  assertThrows(() => parse("-x"), UsageError, "Unknown option -x");
  assertThrows(
    () => parseArguments(["--size=3"], flags, "; behind --"),
    UsageError,
    "Unknown option --size; behind --",
  );
});

Deno.test("a flag without its value, or with one of another type, is refused", () => {
  assertThrows(() => parse("--name"), UsageError, "--name needs a value");
  assertThrows(() => parse("--workers", "--quiet"), UsageError, "--workers needs a value (--workers N)");
  assertThrows(() => parse("--workers", "four"), UsageError, 'Cannot use --workers "four": it must be a number');
});

Deno.test("a flag that can be refused is false when the last word about it says so", () => {
  const flags: Flag[] = [{ name: "journal", type: "string", help: "", isRefusable: true }];
  const journal = (...args: string[]) => parseArguments(args, flags).flags.get("journal");
  assertEquals(journal(), undefined);
  assertEquals(journal("--no-journal"), false);
  assertEquals(journal("--journal", "a"), "a");
  assertEquals(journal("--journal=a", "--no-journal"), false);
  assertEquals(journal("--no-journal", "--journal=a"), "a");
  assertEquals(journal("--journal", "a", "--", "--no-journal"), "a");
  assertThrows(() => parse("--no-name"), UsageError, "Unknown option --no-name");
});

Deno.test("a grant stands alone, or has values behind =, and takes no word that follows", () => {
  assertEquals(parse("--allow-net", "job.ts"), { flags: { "allow-net": true }, positionals: ["job.ts"], rest: [] });
  assertEquals(parse("--allow-net=a:1,b", "--allow-net=c").flags, { "allow-net": ["a:1", "b", "c"] });
  assertEquals(parse("--allow-net=a", "--allow-net").flags, { "allow-net": true });
  assertEquals(parse("--", "--allow-net"), { flags: {}, positionals: [], rest: ["--allow-net"] });
  for (const wrong of ["--allow-net=", "--allow-net=a,,b"]) {
    assertThrows(() => parse(wrong), UsageError, "give values behind =");
  }
  assertThrows(() => parse("--allow-nte"), UsageError, "did you mean --allow-net?");
});
