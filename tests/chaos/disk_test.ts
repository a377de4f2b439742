/** A real server whose journal's disk is full for a while. */
import { assertEquals, assertMatch } from "jsr:@std/assert@^1";
import { temporaryFolder } from "../process/harness.ts";
import { assertComplete, expected, startCluster } from "./cluster.ts";
import { refusalOf } from "./command.ts";

/** Mounts a small disk in memory; `undefined`, and a line that says why, where that is not allowed. */
function mountDisk(path: string, size: string): Disposable | undefined {
  const refused = refusalOf("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path);
  if (refused === "") return { [Symbol.dispose]: () => assertEquals(refusalOf("umount", path), "") };
  // deno-lint-ignore no-console -- why a test tests nothing here
  console.log(`not tested: a small disk cannot be mounted here: ${refused}`);
}

Deno.test("a server whose disk is full waits for room, and then goes on", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/disk`;
  Deno.mkdirSync(path);
  using disk = mountDisk(path, "24m");
  if (!disk) return;
  const filler = `${path}/filler`;
  await using cluster = startCluster(folder.path, 500);
  const gate = `${folder.path}/gate`;
  const server = await cluster.serve(["--journal", `${path}/picture.journal`], { gate, gateAt: 10 });
  const node = cluster.join("steady");
  await server.line(/^collected 10$/);
  // All the room there is; the file is as long as what went into it before the disk was full.
  const file = Deno.openSync(filler, { write: true, create: true });
  const block = new Uint8Array(4_096);
  try {
    for (;;) file.writeSync(block);
  } catch {
    file.close();
  }
  Deno.writeTextFileSync(gate, "");
  await server.line(/picture\.journal.*there is no room on its disk.*trying again in 1 s/);
  Deno.removeSync(filler);
  const { stderr } = await assertComplete(server, [node], expected());
  assertMatch(stderr, /^complete: 100 tasks in .* on 1 node, 0 retried$/m);
});
