import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { gristmill, jobPath, temporaryFolder } from "./harness.ts";

const everyFailure = ["--workers", "1", "--max-attempts", "1", "--on-failure", "skip"];

async function reachOut(flags: string[], options: string[] = [], permissions = ["-A"]) {
  const args = ["run", ...everyFailure, ...flags, jobPath("reaches_out.ts"), "--", ...options];
  await using process = gristmill(args, { permissions });
  return await process.exit();
}

for (const isolation of ["worker", "process"]) {
  Deno.test(`with isolation ${isolation} what a task may not do is an error at the server`, async () => {
    const { code, stdout, stderr } = await reachOut(["--isolation", isolation]);
    assertEquals([code, stdout], [1, ""]);
    const failures = stderr.split("\n").filter((line) => /^ {2}task \d+ failed once/.test(line));
    const wanted = [
      /NotCapable: Requires read access to "\/etc\/hosts"/,
      /NotCapable: Requires write access to "\/etc\/hosts"/,
      /NotCapable: Requires net access to "127\.0\.0\.1:1"/,
      /NotCapable: Requires net access to "127\.0\.0\.1:0"/,
      /NotCapable: Requires net access to "127\.0\.0\.1:8000"/,
      /NotCapable: Requires env access to "HOME"/,
      /NotCapable: Requires (read|run) access to/,
      /NotCapable: Requires run access to "sh"/,
      /NotCapable: Requires sys access to "hostname"/,
      /NotCapable: Requires ffi access to/,
      /NotCapable: Can't escalate parent thread permissions/,
    ];
    assertEquals(failures.length, wanted.length, stderr);
    for (const [index, failure] of failures.entries()) assertMatch(failure, wanted[index]);
  });

  Deno.test(`with isolation ${isolation} a task may do what its node grants, and no more`, async () => {
    using folder = temporaryFolder();
    const file = `${folder.path}/granted.txt`;
    Deno.writeTextFileSync(file, "x");
    const grants = ["--isolation", isolation, `--allow-read=${folder.path}`, "--allow-sys=hostname"];
    const own = await reachOut(grants, ["--deeds", "read,sys,write,env", "--where", file]);
    assertEquals(own.stdout, "done: read\ndone: sys\n", own.stderr);
    assertMatch(own.stderr, /Requires write access/);
    assertMatch(own.stderr, /Requires env access to "HOME"/);
    const foreign = await reachOut(grants, ["--deeds", "read"]);
    assertEquals(foreign.stdout, "");
    assertMatch(foreign.stderr, /Requires read access to "\/etc\/hosts"/);
    const all = await reachOut(["--isolation", isolation, "--allow-env"], ["--deeds", "env"]);
    assertEquals([all.code, all.stdout], [0, "done: env\n"]);
  });
}

Deno.test("what gristmill itself may not do it cannot grant, and says what to start it with", async () => {
  const narrow = ["--allow-read", "--allow-env=GRISTMILL_*"];
  const { code, stderr } = await reachOut(["--allow-net=10.0.0.1,10.0.0.2", "--allow-read"], [], narrow);
  assertEquals(code, 2);
  assertMatch(stderr, /^error: Cannot grant tasks --allow-net=10\.0\.0\.1,10\.0\.0\.2: [^\n]*\n$/);
  const empty = await reachOut(["--allow-read="]);
  assertEquals(empty.code, 2);
  assertStringIncludes(empty.stderr, "Cannot use --allow-read=: give values behind =");
});
