/** Servers that follow each other, for one journal. */
import type { Job } from "../../job/types.ts";
import type { Config } from "../../server/config.ts";
import { openJournal } from "../../server/journal/journal.ts";
import type { Journal, JournalOptions } from "../../server/journal/types.ts";
import { type FakeNode, identity } from "./fake_node.ts";
import { serve, type TestServer } from "./harness.ts";

/** Runs a test with a folder of its own, in which lives of a server share a journal. */
export async function withLives(
  test: (
    life: (
      job: Job,
      options?: Partial<JournalOptions>,
      config?: Partial<Config>,
    ) => Promise<TestServer & { journal: Journal }>,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const open: Journal[] = [];
  try {
    await test(async (job, options = {}, config = {}) => {
      const header = {
        ...{ job: job.name, codeHash: identity.codeHash, packageVersion: identity.package },
        ...{ options: job.options, pinned: job.pinned },
      };
      const journal = openJournal(`${folder}/test.journal`, header, { resume: open.length > 0, now: 0, ...options });
      open.push(journal);
      return { ...await serve(job, { journal, config }), journal };
    });
  } finally {
    for (const journal of open) journal.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The server's process ends without a word: what was not committed is lost, and so are all connections. */
export async function crash({ journal, settle }: TestServer & { journal: Journal }, nodes: FakeNode[]): Promise<void> {
  journal.close();
  for (const node of nodes) node.connection.abort();
  await settle();
}
