/** Real servers and nodes on a machine whose clock somebody sets, by days, in the middle of a job. */
import { assert, assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { temporaryFolder } from "../process/harness.ts";
import { assertComplete, expected, last, startCluster } from "./cluster.ts";

/** Where distributions keep libfaketime, which comes between a process and the clock that can be set. */
const libraries = [`/usr/lib/${Deno.build.arch}-linux-gnu`, "/usr/lib64", "/usr/lib", "/usr/local/lib"]
  .map((folder) => `${folder}/faketime/libfaketimeMT.so.1`);

const isFile = (path: string): boolean => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
};

/** A clock for the processes of a test; `undefined`, and a line that says why, where there can be none. */
function ownClock(folder: string) {
  const library = libraries.find(isFile);
  if (!library) {
    // deno-lint-ignore no-console -- why a test tests nothing here
    console.log("not tested: libfaketime is not installed here (package `faketime` of Debian and Ubuntu)");
    return undefined;
  }
  const path = `${folder}/clock`;
  const set = (offset: string) => {
    // In one step, for it is read all the time.
    Deno.writeTextFileSync(`${path}.new`, offset);
    Deno.renameSync(`${path}.new`, path);
  };
  set("+0");
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: path,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  return { env, set };
}

Deno.test("a clock that is set by days, forwards and back, costs no node and no connection", async () => {
  using folder = temporaryFolder();
  const clock = ownClock(folder.path);
  if (!clock) return;
  const heartbeatMs = 200;
  await using cluster = startCluster(folder.path, heartbeatMs, { env: clock.env });
  const gate = `${folder.path}/gate`;
  const server = await cluster.serve([], { slow: 20, slowMs: 2_000, gate, gateAt: 50 });
  const nodes = [cluster.join("one"), cluster.join("other")];
  await server.line(/computing 20\./);
  for (const offset of ["+2d", "-2d", "+0", "+1000d"]) {
    clock.set(offset);
    await last(4 * heartbeatMs);
  }
  Deno.writeTextFileSync(gate, "");
  const { stderr } = await assertComplete(server, nodes, expected());
  assertMatch(stderr, /^complete: 100 tasks in \d+\.\d s on 2 nodes/m);
  assertEquals(/lost|is back|heard/.test(stderr), false, stderr);
  const years = new Set(stderr.match(/^\d{4}(?=-\d\d-\d\dT)/gm));
  assert(years.size > 1, `the lines have dates from before and after the last jump: ${stderr}`);
});
