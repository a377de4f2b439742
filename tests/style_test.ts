/** Style is a test: what a reader should not have to check by eye. */
import { assertEquals, assertGreater, fail } from "jsr:@std/assert@^1";
import { readImports } from "./imports.ts";
import { projectFiles, readProjectFile } from "./project_files.ts";
import { styleRules } from "./style_rules.ts";

const lineLengthMax = 120;
const fileLinesMax = 400;

/** Folders that may be imported from each folder, besides itself; DESIGN: cli -> server, node -> job -> actors. */
const mayImport: Record<string, readonly string[]> = {
  "actors": [],
  "actors/remote": ["actors"],
  "job": ["actors", "actors/remote"],
  "server": ["actors", "actors/remote", "job"],
  "node": ["actors", "actors/remote", "job"],
  "cli": ["actors", "actors/remote", "job", "server", "node"],
  "npm": [],
};

/** The one file of the source that imports each std package, so that replacing it touches that file alone. */
const importsStd: Record<string, string> = {
  "@std/msgpack": "actors/remote/codec.ts",
  "@std/cli": "cli/args.ts",
  "@std/log": "actors/log.ts",
};

const files = projectFiles();
const sources = files.filter((path) => path.endsWith(".ts"));
const isTest = (path: string) => path.startsWith("tests/");
const isText = (path: string) => !/\.(png|ico|woff2?)$|^package-lock\.json$|^LICENSE$/.test(path);

/** Fails with one line a finding, so that all are seen at once. */
function none(findings: readonly string[]): void {
  if (findings.length > 0) fail(`\n${findings.join("\n")}`);
}

function folderOf(path: string): string {
  const folder = path.startsWith("actors/remote/") ? "actors/remote" : path.split("/")[0];
  return path.includes("/") ? folder : "";
}

Deno.test("no line is longer than its limit and no file has more lines than its limit", () => {
  none(sources.flatMap((path) => {
    const lines = readProjectFile(path).trimEnd().split("\n");
    const long = lines.flatMap((line, i) =>
      line.length > lineLengthMax ? [`${path}:${i + 1}: ${line.length} wide`] : []
    );
    return lines.length > fileLinesMax ? [...long, `${path}: ${lines.length} lines`] : long;
  }));
});

Deno.test("functions are short, and time, lines and turns come in through their interfaces", () => {
  none(sources.flatMap((path) => {
    const folder = folderOf(path);
    const rules = styleRules({
      date: ["tests", "bench", "npm"].includes(folder),
      console: ["cli", "tests", "bench", "examples"].includes(folder) || path === "actors/log.ts",
      immediate: ["actors/clock.ts", "actors/dispatcher.ts"].includes(path),
    });
    const source = readProjectFile(path);
    return Deno.lint.runPlugin(rules, path, source).map(({ message, range }) => {
      return `${path}:${source.slice(0, range[0]).split("\n").length}: ${message}`;
    });
  }));
});

Deno.test("source files have snake_case names", () => {
  none(sources.filter((path) => !/^([a-z0-9_]+\/)*[a-z0-9_]+(\.d)?\.ts$/.test(path)));
});

Deno.test("dependencies point one way", () => {
  none(sources.flatMap((path) => {
    const folder = folderOf(path);
    const allowed = mayImport[folder];
    if (!allowed) return [];
    return readImports(path, readProjectFile(path)).flatMap(({ from }) => {
      if (!from.startsWith(".")) return [];
      const target = new URL(from, `file:///${path}`).pathname.slice(1);
      const fine = folderOf(target) === folder || allowed.includes(folderOf(target)) || target === "version.ts";
      return fine ? [] : [`${path} imports ${target}`];
    });
  }));
});

Deno.test("mod.ts and its kin hold nothing but re-exports", () => {
  none(
    sources.filter((path) => /(^|\/)mod\.ts$/.test(path)).flatMap((path) => {
      const code = readProjectFile(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "").trim();
      const rest = code.replace(/export\s+(type\s+)?(\*|\{[^}]*\})\s+from\s+"[^"]+";/g, "").trim();
      return rest === "" ? [] : [`${path} holds ${rest}`];
    }),
  );
});

Deno.test("each std package is imported by one file, and all packages by full specifiers", () => {
  none(
    sources.filter((path) => !isTest(path)).flatMap((path) =>
      readImports(path, readProjectFile(path)).flatMap(({ from }) => {
        const [, std] = from.match(/^jsr:(@std\/[a-z]+)@\^/) ?? [];
        if (std ? importsStd[std] === path : /^(\.{1,2}\/|node:|npm:)/.test(from)) return [];
        return [`${path} imports ${from}`];
      })
    ),
  );
});

Deno.test("a worker loads no std package, which every worker would load anew", () => {
  const loaded = new Set(["node/worker.ts"]);
  // The set grows while it is walked.
  for (const path of loaded) {
    for (const { from, typeOnly, dynamic } of readImports(path, readProjectFile(path))) {
      if (typeOnly || dynamic) continue;
      if (from.startsWith("jsr:")) fail(`${path} imports ${from}`);
      if (from.startsWith(".")) loaded.add(new URL(from, `file:///${path}`).pathname.slice(1));
    }
  }
  assertGreater(loaded.size, 20);
});

Deno.test("npm packages are pinned in package.json at the major that the source imports", () => {
  const { dependencies, devDependencies } = JSON.parse(readProjectFile("package.json"));
  const pinned: Record<string, string> = { ...dependencies, ...devDependencies };
  none(sources.flatMap((path) =>
    readImports(path, readProjectFile(path)).flatMap(({ from }) => {
      const [, name, major] = from.match(/^npm:((?:@[^/]+\/)?[^@/]+)(?:@\^(\d+))?/) ?? [];
      if (!name) return [];
      return pinned[name]?.startsWith(`^${major}.`)
        ? []
        : [`${path} imports ${from}, package.json has ${pinned[name]}`];
    })
  ));
});

// In pieces, so that this file does not find itself.
const banned = [
  ["TO" + "DO", "FIX" + "ME"].join("|"),
  ["registry\\.npm" + "js", "jsr" + "\\.io", "deno" + "\\.land", "npm" + "mirror"].join("|"),
  ["/wo" + "rk/", "/ro" + "ot/", "/tmp/te" + "am"].join("|"),
];

Deno.test("no file holds a reminder, the name of a registry's host or the path of one machine", () => {
  const pattern = new RegExp(banned.join("|"));
  none(
    files.filter(isText).flatMap((path) =>
      readProjectFile(path).split("\n").flatMap((line, i) =>
        pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 80)}`] : []
      )
    ),
  );
});

Deno.test("the lock file names no registry", () => {
  none(
    readProjectFile("package-lock.json").split("\n").filter((line) =>
      /"resolved"|https?:/.test(line) && !/funding|"url"/.test(line)
    ),
  );
});

Deno.test("every link in the docs to a file of the project leads to one", () => {
  const known = new Set([...files, ...files.map((path) => path.split("/").slice(0, -1).join("/"))]);
  none(
    files.filter((path) => path.endsWith(".md")).flatMap((path) => {
      const text = readProjectFile(path).replace(/```[\s\S]*?```/g, "");
      return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link)
        .filter((link) => !/^([a-z]+:|#)/.test(link))
        .filter((link) => !known.has(decodeURI(new URL(link, `file:///${path}`).pathname.slice(1).replace(/\/$/, ""))))
        .map((link) => `${path} links to ${link}`);
    }),
  );
});

Deno.test("deno.json and package.json offer the same commands", () => {
  const { tasks } = JSON.parse(readProjectFile("deno.json"));
  const { scripts } = JSON.parse(readProjectFile("package.json"));
  assertEquals(Object.keys(scripts).sort(), Object.keys(tasks).sort());
});

Deno.test("the pinned Deno does not stand in for the one that runs the tasks of deno.json", () => {
  // A task finds the commands of all packages that Deno takes from package.json, and it leaves out optional ones. With
  // Deno alone the npm package has no binary.
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readProjectFile("package.json"));
  assertEquals([dependencies.deno, devDependencies.deno], [undefined, undefined]);
  assertEquals(Object.keys(optionalDependencies), ["deno"]);
});
