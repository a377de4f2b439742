// deno-lint-ignore-file no-console -- says what it does and how it is used
/**
 * The same work on other systems: `npm run bench:peers -- [NAME...] [--json] [--quick] [--folder FOLDER]`.
 *
 * What a peer is made of is installed into a folder outside the project: `--folder`, else `GRISTMILL_BENCH_PEERS`, else
 * `gristmill-bench-peers` in the user's cache. Each peer is a script of its own language, which prints one JSON object
 * a figure: `{ name, unit, values }`. Gristmill is measured first, in the same run.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { figure, type Group } from "../figures.ts";
import { jsonPrinter, tablePrinter } from "../report.ts";
import { measureGristmill } from "./gristmill.ts";
import { type PeerFigure, peers, Unavailable } from "./peers.ts";

const own = "Gristmill";

function cacheFolder(): string {
  const given = Deno.env.get("GRISTMILL_BENCH_PEERS");
  if (given) return given;
  const home = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? Deno.cwd(), ".cache");
  return join(home, "gristmill-bench-peers");
}

/** One table a figure, one line a system. */
function byFigure(found: ReadonlyMap<string, readonly PeerFigure[]>): Group[] {
  const groups = new Map<string, Group & { figures: ReturnType<typeof figure>[] }>();
  for (const [peer, figures] of found) {
    for (const { name, unit, values } of figures) {
      const group = groups.get(name) ?? { title: name, figures: [] };
      group.figures.push(figure(peer, unit, values, peer === own ? undefined : own));
      groups.set(name, group);
    }
  }
  return [...groups.values()];
}

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    folder: { type: "string", default: cacheFolder() },
  },
});
const unknown = positionals.filter((name) => !Object.hasOwn(peers, name));
if (unknown.length > 0) {
  console.error(`error: no peer ${unknown.join(", ")}; there are ${Object.keys(peers).join(", ")}`);
  Deno.exit(2);
}
const { folder, quick } = values;
Deno.mkdirSync(folder, { recursive: true });
const printer = values.json ? jsonPrinter() : tablePrinter();
printer.begin();

const found = new Map<string, readonly PeerFigure[]>();
const skipped: string[] = [];
console.error(`measuring ${own}`);
found.set(own, await measureGristmill({ quick }));
for (const [name, run] of Object.entries(peers)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.error(`measuring ${name}`);
  try {
    found.set(name, await run({ folder, quick }));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    skipped.push(`${name}: ${error.message}`);
  }
}
for (const group of byFigure(found)) printer.group("peers", group);
if (skipped.length > 0) printer.group("peers", { title: "not measured", figures: [], skipped });
