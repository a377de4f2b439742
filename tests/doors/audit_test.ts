/** The question for advisories, put to registries that answer in each of the ways that docs/SECURITY.md lists. */
import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { temporaryFolder } from "../process/harness.ts";
import { root } from "../project_files.ts";
import { type Ended, run, skip } from "./door.ts";

/** Runs the gate's step against a registry that gives this answer when asked for advisories. */
async function audit(answer: () => Response): Promise<Ended> {
  const registry = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    if (new URL(url).pathname === "/-/npm/v1/security/advisories/bulk") return answer();
    // Asked for each package that has an advisory, to look for a version without one.
    return Response.json({ name: "msgpackr", "dist-tags": {}, versions: {} });
  });
  // npm keeps what it has worked out of an advisory.
  using cache = temporaryFolder();
  try {
    const env = {
      npm_config_registry: `http://127.0.0.1:${registry.addr.port}`,
      npm_config_noproxy: "127.0.0.1",
      npm_config_cache: cache.path,
    };
    return await run("bash", [".ci/audit"], { cwd: root, env });
  } finally {
    await registry.shutdown();
  }
}

const advisory = (severity: string) => () =>
  Response.json({
    msgpackr: [{
      ...{ id: 1, url: "https://example.org/1", title: "reads what is not there", severity },
      ...{ vulnerable_versions: "*", cwe: [], cvss: { score: 0, vectorString: null } },
    }],
  });

const name = "an advisory of high severity fails the gate, others are printed, and no answer is said";

Deno.test(name, async (t) => {
  try {
    await run("npm", ["--version"], { cwd: root });
  } catch {
    return skip(name, "there is no npm on this machine");
  }

  for (const [severity, blocked] of [["critical", 1], ["high", 1], ["moderate", 0], ["low", 0]] as const) {
    await t.step(`${severity} ${blocked > 0 ? "fails it" : "is printed"}`, async () => {
      const { code, stdout } = await audit(advisory(severity));
      assertStringIncludes(stdout, `audit: ${severity}: msgpackr: reads what is not there (https://example.org/1)`);
      assertMatch(stdout, new RegExp(`^audit: \\d+ packages looked up, ${blocked} with advisories that block$`, "m"));
      assertEquals(code, blocked);
    });
  }

  await t.step("no advisories: it passes", async () => {
    const { code, stdout } = await audit(() => Response.json({}));
    assertMatch(stdout, /^audit: \d+ packages looked up, 0 with advisories that block\n$/);
    assertEquals(code, 0);
  });

  for (const status of [404, 405, 500]) {
    await t.step(`a registry that answers ${status}: it says that it was skipped`, async () => {
      const { code, stdout } = await audit(() => new Response("no", { status }));
      assertMatch(stdout, /^audit: skipped, the registry cannot be asked for advisories: .+\n$/);
      assertEquals(code, 0);
    });
  }
});
