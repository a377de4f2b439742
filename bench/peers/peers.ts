/**
 * How each peer is installed and started. A peer that this machine cannot have is skipped with its reason.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One figure of a peer. */
export interface PeerFigure {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** Where a peer lives, and how thoroughly it is measured. */
export interface PeerOptions {
  /** A folder outside the project, which exists. */
  readonly folder: string;
  readonly quick: boolean;
}

/** This machine cannot have the peer. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** Longer than this no peer may take, in milliseconds. */
const deadlineMs = 600_000;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface Run {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end. @throws {Unavailable} if it is not there or fails. */
async function run(program: string, args: readonly string[], { cwd, env }: Run): Promise<string> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, { args: [...args], cwd, env, stdin: "null", stdout: "piped", stderr: "piped" })
      .spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new Unavailable(`there is no program ${program}`);
    throw error;
  }
  const timer = setTimeout(() => child.kill(), deadlineMs);
  const { success, stdout, stderr } = await child.output();
  clearTimeout(timer);
  if (success) return new TextDecoder().decode(stdout);
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  throw new Unavailable(`${program} ${args[0] ?? ""} failed: ${lines.at(-1)}`);
}

function figuresIn(output: string): PeerFigure[] {
  return output.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

const sizeOf = ({ quick }: PeerOptions): string => quick ? "1" : "4";

/** A script in an environment of Python that has these packages. */
function python(script: string, packages: readonly string[]) {
  return async (options: PeerOptions): Promise<PeerFigure[]> => {
    const cwd = options.folder;
    const interpreter = join(cwd, "python", "bin", "python");
    if (!exists(interpreter)) await run("python3", ["-m", "venv", "python"], { cwd });
    await run(interpreter, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages], { cwd });
    return figuresIn(await run(interpreter, [here(script), sizeOf(options)], { cwd }));
  };
}

/** A script for Node with these packages. */
function node(script: string, packages: readonly string[]) {
  return async (options: PeerOptions): Promise<PeerFigure[]> => {
    const cwd = join(options.folder, "node");
    Deno.mkdirSync(cwd, { recursive: true });
    Deno.writeTextFileSync(join(cwd, "package.json"), JSON.stringify({ private: true }));
    await run("npm", ["install", "--no-save", "--no-audit", "--no-fund", ...packages], { cwd });
    // Node looks for packages beside the script, not where it is started.
    const copy = join(cwd, script);
    Deno.copyFileSync(here(script), copy);
    Deno.copyFileSync(here("measure.mjs"), join(cwd, "measure.mjs"));
    return figuresIn(await run("node", [copy, sizeOf(options)], { cwd }));
  };
}

async function erlang(options: PeerOptions): Promise<PeerFigure[]> {
  const cwd = options.folder;
  // A port mapper of its own, so that none is left behind and none that runs already is touched.
  const port = String(freePort());
  let mapper: Deno.ChildProcess;
  try {
    mapper = new Deno.Command("epmd", { args: ["-port", port], stdout: "null", stderr: "null" }).spawn();
  } catch {
    throw new Unavailable("there is no program epmd (Debian's package erlang-base)");
  }
  try {
    const env = { ERL_EPMD_PORT: port };
    return figuresIn(await run("escript", [here("erlang.escript"), sizeOf(options)], { cwd, env }));
  } finally {
    mapper.kill();
    await mapper.status;
  }
}

async function nodeCrunch(options: PeerOptions): Promise<PeerFigure[]> {
  const cwd = join(options.folder, "node_crunch");
  Deno.mkdirSync(join(cwd, "src"), { recursive: true });
  Deno.copyFileSync(here("node_crunch.toml"), join(cwd, "Cargo.toml"));
  Deno.copyFileSync(here("node_crunch.rs"), join(cwd, "src", "main.rs"));
  await run("cargo", ["build", "--release", "--quiet"], { cwd });
  const program = join(cwd, "target", "release", "bench_node_crunch");
  const port = String(freePort());
  const nodes = Array.from(
    { length: 2 },
    () => new Deno.Command(program, { args: ["node", port], stdout: "null", stderr: "null" }).spawn(),
  );
  try {
    return figuresIn(await run(program, ["server", port, sizeOf(options)], { cwd }));
  } finally {
    for (const each of nodes) {
      try {
        each.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await each.status;
    }
  }
}

async function parallel(options: PeerOptions): Promise<PeerFigure[]> {
  const count = 500 * Number(sizeOf(options));
  const values: number[] = [];
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    await run("parallel", ["-j2", "true", "{}", "::::", await numbers(options.folder, count)], { cwd: options.folder });
    values.push(count / (performance.now() - start) * 1000);
  }
  return [{ name: "programs that do nothing, 2 at once", unit: "programs/s", values }];
}

async function numbers(folder: string, count: number): Promise<string> {
  const file = join(folder, "numbers.txt");
  await Deno.writeTextFile(file, Array.from({ length: count }, (_, index) => `${index}\n`).join(""));
  return file;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Every peer by the name that the command line takes. */
export const peers: Readonly<Record<string, (options: PeerOptions) => Promise<readonly PeerFigure[]>>> = {
  dask: python("dask_peer.py", ["dask[distributed]", "numpy"]),
  celery: python("celery_peer.py", ["celery", "redis"]),
  ray: python("ray_peer.py", ["ray", "numpy"]),
  hyperqueue: python("hyperqueue_peer.py", ["hyperqueue"]),
  node_crunch: nodeCrunch,
  parallel,
  erlang,
  nact: node("nact_peer.mjs", ["nact"]),
  comedy: node("comedy_peer.mjs", ["comedy"]),
  xstate: node("xstate_peer.mjs", ["xstate"]),
};
