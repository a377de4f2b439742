/**
 * Starts real `gristmill` processes and follows what they write. Every wait has a deadline, and what was started is
 * killed, by its id, when its handle is disposed of.
 */
import { fileURLToPath } from "node:url";

/** How long any wait may take, in milliseconds. A wait that is well takes far less, also on a busy machine. */
const deadlineMsDefault = 60_000;

const root = new URL("../../", import.meta.url);

/** Whether this test runs through the npm door, where an import map stands in for the registry. */
const isNpmDoor = import.meta.resolve("jsr:@std/assert@^1").startsWith("file:");

/** The flags that the door demands. */
function doorFlags(importMap = new URL("npm/import_map.json", root).href): string[] {
  const flags = ["--unstable-worker-options", "--no-prompt"];
  if (isNpmDoor) flags.push("--node-modules-dir=manual");
  if (isNpmDoor || importMap.startsWith("data:")) flags.push(`--import-map=${importMap}`);
  return flags;
}

/** An import map that gives a process another version of the package. */
export function otherVersionMap(version: string): string {
  const imports: Record<string, string> = {};
  if (isNpmDoor) {
    const map = JSON.parse(Deno.readTextFileSync(new URL("npm/import_map.json", root)));
    for (const [name, path] of Object.entries(map.imports)) {
      imports[name] = new URL(path as string, new URL("npm/", root)).href;
    }
  }
  const module = `export const packageVersion = ${JSON.stringify(version)};`;
  imports[new URL("version.ts", root).href] = `data:text/javascript,${encodeURIComponent(module)}`;
  return `data:application/json,${encodeURIComponent(JSON.stringify({ imports }))}`;
}

/** How a process ended. */
export interface Exit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that was started. */
export interface Process extends AsyncDisposable {
  readonly pid: number;
  /** Waits for a line of either output, written before or after this call, that matches. */
  readonly line: (pattern: RegExp) => Promise<RegExpMatchArray>;
  /** Waits for the end. */
  readonly exit: () => Promise<Exit>;
  readonly kill: (signal: Deno.Signal) => void;
}

/** Options of {@linkcode gristmill} and {@linkcode program}. */
export interface StartOptions {
  readonly env?: Record<string, string>;
  /** @default the door's */
  readonly importMap?: string;
  /** What Deno permits the process. @default ["-A"] */
  readonly permissions?: string[];
  /** The working directory. @default the project's */
  readonly cwd?: string;
  /** A command that runs the process in its own place, such as `ip netns exec NAME`. @default none */
  readonly via?: readonly string[];
  /** How long each wait for it may take, in milliseconds. @default 60000 */
  readonly deadlineMs?: number;
}

/** A folder for the files of one test; disposing of it removes it. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** The path of a job of these tests. */
export function jobPath(name: string): string {
  return fileURLToPath(new URL(`jobs/${name}`, import.meta.url));
}

/** Starts the `gristmill` command. */
export function gristmill(args: string[], options: StartOptions = {}): Process {
  return program(fileURLToPath(new URL("main.ts", root)), args, options);
}

/** Starts any program of this package. */
export function program(path: string, args: string[], options: StartOptions = {}): Process {
  const { importMap, permissions = ["-A"] } = options;
  return start(["run", ...permissions, ...doorFlags(importMap), path, ...args], options);
}

/** Settles as `promise` does, or rejects at the deadline with what the process wrote so far. */
async function withDeadline<T>(
  promise: Promise<T>,
  deadlineMs: number,
  what: string,
  written: () => string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited ${deadlineMs} ms for ${what}; the process wrote:\n${written()}`)),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function start(args: string[], options: StartOptions): Process {
  const { env, cwd = fileURLToPath(root), via = [], deadlineMs = deadlineMsDefault } = options;
  const [command, ...words] = [...via, Deno.execPath(), ...args];
  const child = new Deno.Command(command, {
    args: words,
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const text = { stdout: "", stderr: "" };
  let wake = Promise.withResolvers<void>();
  const announce = () => {
    wake.resolve();
    wake = Promise.withResolvers();
  };

  const follow = async (name: "stdout" | "stderr"): Promise<void> => {
    let rest = "";
    for await (const part of child[name].pipeThrough(new TextDecoderStream())) {
      text[name] += part;
      const whole = (rest + part).split("\n");
      rest = whole.pop() as string;
      lines.push(...whole);
      announce();
    }
    if (rest !== "") lines.push(rest);
    announce();
  };
  let hasEnded = false;
  const ended = Promise.all([follow("stdout"), follow("stderr"), child.status]).then(([, , status]) => {
    hasEnded = true;
    announce();
    return { code: status.code, ...text };
  });

  const findLine = async (pattern: RegExp): Promise<RegExpMatchArray> => {
    for (let next = 0;; next++) {
      while (next >= lines.length) {
        if (hasEnded) throw new Error(`it ended without a line like ${pattern}; it wrote:\n${lines.join("\n")}`);
        await wake.promise;
      }
      const match = lines[next].match(pattern);
      if (match) return match;
    }
  };
  const written = () => lines.join("\n");
  return {
    pid: child.pid,
    line: (pattern) => withDeadline(findLine(pattern), deadlineMs, `a line like ${pattern}`, written),
    exit: () => withDeadline(ended, deadlineMs, "the end of the process", written),
    kill: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      if (!hasEnded) {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended meanwhile.
        }
      }
      await ended;
    },
  };
}

/** A server that listens, and where. */
export interface Server extends Process {
  /** `HOST:PORT`, for `--join`. */
  readonly address: string;
}

/**
 * Starts `gristmill serve` at a free port of the loopback, and waits until it listens. In the project's folder it keeps
 * no journal unless `args` name one.
 */
export async function serve(job: string, args: string[] = [], options: StartOptions = {}): Promise<Server> {
  const unasked = options.cwd === undefined ? ["--no-journal"] : [];
  const server = gristmill(["serve", "--port", "0", ...unasked, jobPath(job), ...args], options);
  const [, address] = await server.line(/^listening on (\S+)$/);
  return { ...server, address };
}

/** Starts `gristmill node` for a server. */
export function join(address: string, job: string, args: string[] = [], options: StartOptions = {}): Process {
  return gristmill(["node", "--join", address, "--workers", "1", jobPath(job), ...args], options);
}
