import { assertEquals, assertStringIncludes } from "jsr:@std/assert@^1";
import { readJobLog } from "../../../server/journal/mod.ts";
import { program } from "../../process/harness.ts";
import { withFolder } from "./fixtures.ts";

const writerPath = new URL("writer.ts", import.meta.url).pathname;

Deno.test(
  "a journal needs permission to read and write its file and the lock beside it, and no other",
  withFolder(async (path) => {
    const files = `${path},${path}-lock`;
    // The writer itself looks at the write-ahead log.
    const read = `--allow-read=${files},${path}-wal`;
    await using process = program(writerPath, [path, "1", "hold"], { permissions: [read, `--allow-write=${files}`] });
    await process.line(/held/);
    assertEquals([...readJobLog(path)].length, 5);
  }),
);

Deno.test(
  "a missing permission is an error that names the file and the permission",
  withFolder(async (path, folder) => {
    const cases: [permissions: string[], flag: string][] = [
      [[], "--allow-read"],
      [[`--allow-read=${folder}`], "--allow-write"],
    ];
    for (const [permissions, flag] of cases) {
      await using process = program(writerPath, [path, "1", "hold"], { permissions });
      const { stderr } = await process.exit();
      assertStringIncludes(stderr, "JournalError: Cannot open the journal");
      assertStringIncludes(stderr, path);
      assertStringIncludes(stderr, flag);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  }),
);
