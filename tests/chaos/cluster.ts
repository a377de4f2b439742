/** Servers and nodes of one test, their ends, and what they should count. */
import { assertEquals, assertMatch, assertStringIncludes } from "jsr:@std/assert@^1";
import { fileURLToPath } from "node:url";
import { countIterations, sumOf } from "../../examples/mandelbrot/kernel.ts";
import { type Exit, gristmill, type Process } from "../process/harness.ts";

/** The job of these tests. */
export const picture = fileURLToPath(new URL("jobs/picture.ts", import.meta.url));

/** The variable by which a test knows what it has started, directly or not. */
const mark = "GRISTMILL_TEST_CLUSTER";

/** The processes of one test. Disposing of it kills them, by their ids, and looks whether anybody is left. */
export interface Cluster extends AsyncDisposable {
  /** Where the server listens; known once it does. */
  readonly address: () => string;
  /** Starts the server, or another one in its place, and waits until it listens. */
  readonly serve: (flags?: string[], options?: Record<string, string | number>) => Promise<Process>;
  /**
   * Starts a node that does not give up.
   *
   * @param address Where it dials. @default the server's
   * @param via What runs it. @default nothing
   */
  readonly join: (name: string, address?: string, via?: readonly string[]) => Process;
}

/** Where the processes of a cluster run. */
export interface Surroundings {
  /** What else is in the environment of all of them. */
  readonly env?: Readonly<Record<string, string>>;
  /** What runs the server. @default nothing */
  readonly via?: readonly string[];
  /** Where it listens. @default the loopback */
  readonly host?: string;
}

/** Begins a test's cluster. @param cwd Where the processes work @param heartbeatMs The heartbeat of the server */
export function startCluster(cwd: string, heartbeatMs: number, surroundings: Surroundings = {}): Cluster {
  const id = crypto.randomUUID();
  const env = { ...surroundings.env, [mark]: id };
  const started: Process[] = [];
  let address = "";
  const start = (args: string[], via?: readonly string[]): Process => {
    const process = gristmill(args, { cwd, env, via });
    started.push(process);
    return process;
  };
  return {
    address: () => address,
    serve: async (flags = ["--no-journal"], options = {}) => {
      const port = address.split(":")[1] ?? "0";
      const words = Object.entries(options).flatMap(([name, value]) => {
        return [`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(value)];
      });
      const fixed = ["--port", port, "--heartbeat", String(heartbeatMs)];
      const { host, via } = surroundings;
      const there = host === undefined ? [] : ["--host", host, "--insecure"];
      const process = start(["serve", ...fixed, ...there, ...flags, picture, "--", ...words], via);
      [, address] = await process.line(/^listening on (\S+)$/);
      return process;
    },
    join: (name, to = address, via = undefined) => {
      const persistence = ["--retry-counter", "1000", "--retry-delay", "50"];
      return start(["node", "--join", to, "--name", name, "--workers", "1", ...persistence, picture], via);
    },
    [Symbol.asyncDispose]: async () => {
      for (const process of started) await process[Symbol.asyncDispose]();
      assertEquals(processesOf(id), [], "processes that outlive their test");
    },
  };
}

/** The ids of all processes that were started for a cluster, also by others than the test. Linux only. */
function processesOf(id: string): string[] {
  if (Deno.build.os !== "linux") return [];
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return Deno.readTextFileSync(`/proc/${name}/environ`).includes(`${mark}=${id}`);
    } catch {
      // It is gone, or somebody else's.
      return false;
    }
  });
}

/** The total of the picture by a plain loop, and how many tiles it has. */
export function expected(size = 1_000, maxIterations = 500, chunk = 100): string {
  let total = 0;
  for (let y = 0; y < size; y++) {
    total += sumOf(countIterations({ x: 0, y, width: size, height: 1 }, size, maxIterations));
  }
  return `total ${total} of ${Math.ceil(size / chunk) ** 2}\n`;
}

/** Waits for the end of a server and its nodes: all is counted once, and nobody leaves with an error. */
export async function assertComplete(server: Process, nodes: readonly Process[], total: string): Promise<Exit> {
  const exit = await server.exit();
  assertEquals(exit.code, 0, exit.stderr);
  assertStringIncludes(exit.stdout, total);
  assertMatch(exit.stderr, /^complete: /m);
  for (const node of nodes) {
    const { code, stderr } = await node.exit();
    assertEquals(code, 0, stderr);
  }
  return exit;
}

/** How many tasks nodes computed, by what they say at their end. */
export async function computedBy(...nodes: readonly Process[]): Promise<number> {
  let sum = 0;
  for (const node of nodes) sum += Number((await node.exit()).stderr.match(/computed here: (\d+)/)?.[1]);
  return sum;
}

/** Waits while a fault lasts. */
export const last = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
