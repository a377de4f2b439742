/**
 * What the tests of the doors share: which door this test run came in by, the project on a plain web server, and
 * processes of their own.
 *
 * @module
 */
import { projectFiles, root } from "../project_files.ts";

/** The door that this test run came in by: under the npm door the import map leads to a file. */
export const door = import.meta.resolve("jsr:@std/msgpack@^1").startsWith("file:") ? "npm" : "jsr";

/** The project's files, and nothing else of its folder, over HTTP. */
export interface FileServer extends AsyncDisposable {
  /** Where they are, ending in a slash. */
  readonly url: string;
}

/** Serves the project on a free port of the loopback, as any static web server would. */
export function serveProject(): FileServer {
  const files = new Set(projectFiles());
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (!files.has(path)) return new Response("there is no such file", { status: 404 });
    const type = path.endsWith(".ts") ? "application/typescript" : "application/octet-stream";
    return new Response(await Deno.readFile(new URL(path, root)), { headers: { "content-type": type } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** How a process ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@linkcode run}. */
export interface RunOptions {
  readonly cwd: string | URL;
  /** Set beside this process's own environment. @default {} */
  readonly env?: Record<string, string>;
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const { cwd, env = {} } = options;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { ...env, NO_COLOR: "1", DENO_NO_PROMPT: "1" },
    stdin: "null",
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Says why a test cannot be made here. */
export function skip(test: string, reason: string): void {
  // deno-lint-ignore no-console -- a skipped test says why
  console.log(`skipped: ${test}: ${reason}`);
}
