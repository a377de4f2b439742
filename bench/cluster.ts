/**
 * Servers and nodes as users start them, each a process: `gristmill serve` and `gristmill node` over the loopback.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { gristmill, type Process, program, temporaryFolder } from "../tests/process/harness.ts";

/** How long a process may take for whatever it is asked, in milliseconds. */
const deadlineMs = 900_000;

/** What a server demands of its nodes: nothing, a shared secret, or that over TLS. */
export type Security = "plain" | "authenticated" | "TLS";

/** A server, its nodes, and the job that they run. */
export interface ClusterOptions {
  /** A file of `bench/jobs/`. */
  readonly job: string;
  readonly options?: Readonly<Record<string, number>>;
  /** How many node processes. */
  readonly nodes: number;
  /** How many workers each of them has. @default 1 */
  readonly workers?: number;
  /** @default "plain" */
  readonly security?: Security;
  /** Whether results are stored before they count. @default false */
  readonly journal?: boolean;
  /** More settings of the server. @default none */
  readonly serverFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where all processes and their workers leave profiles of their processor time at their end. @default nowhere */
  readonly profileFolder?: string;
}

/** The environment variable of what server and nodes share. */
const secretVariable = "GRISTMILL_TOKEN";

/** The path of a file beside this one. */
export const benchPath = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The options of a job as the command line takes them. */
const words = (options: Readonly<Record<string, number>>): string[] => [
  "--",
  ...Object.entries(options).flatMap(([name, value]) => [`--${flagOf(name)}`, String(value)]),
];

interface Secured {
  readonly env: Record<string, string>;
  readonly server: readonly string[];
  readonly node: readonly string[];
}

async function secure(security: Security, folder: string): Promise<Secured> {
  if (security === "plain") return { env: {}, server: [], node: [] };
  const env = { [secretVariable]: "a secret for benchmarks only" };
  if (security === "authenticated") return { env, server: [], node: [] };
  const [certificate, key] = [`${folder}/certificate.pem`, `${folder}/key.pem`];
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=gristmill", "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", certificate],
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return {
    env,
    server: ["--encrypt", "--certificate-file", certificate, "--certificate-key-file", key],
    node: ["--encrypt", "--authority-file", certificate],
  };
}

const denoFlags = (profileFolder: string | undefined, name: string): string[] =>
  profileFolder === undefined
    ? ["-A"]
    : ["-A", `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`];

/** A server of a job of the benchmarks, at a free port, and where it listens. */
export async function startServer(
  { job, options = {}, serverFlags = [], env, profileFolder }: Omit<ClusterOptions, "nodes">,
  flags: readonly string[] = ["--no-journal"],
): Promise<Process & { readonly address: string }> {
  const args = ["serve", "--port", "0", "--quiet", ...flags, ...serverFlags, benchPath(`jobs/${job}`)];
  const server = gristmill([...args, ...words(options)], {
    deadlineMs,
    env,
    permissions: denoFlags(profileFolder, "server"),
  });
  const [, address] = await server.line(/^listening on (\S+)$/);
  return { ...server, address };
}

/** Starts another program of the benchmarks as a process. */
export function startProgram(file: string, args: readonly string[]): Process {
  return program(benchPath(file), [...args], { deadlineMs });
}

/** What a job printed for its benchmark. */
export async function printed<T>(process: Process): Promise<T> {
  const [, json] = await process.line(/^bench (\{.*\})$/);
  return JSON.parse(json);
}

/** Runs a job to its end. @returns what it printed */
export async function runCluster<T>(cluster: ClusterOptions): Promise<T> {
  const { job, nodes, workers = 1, security = "plain", journal = false } = cluster;
  using folder = temporaryFolder();
  const { env, server: serverFlags, node: nodeFlags } = await secure(security, folder.path);
  const journalFlags = journal ? ["--journal", `${folder.path}/bench.journal`] : ["--no-journal"];
  await using stack = new AsyncDisposableStack();
  const server = stack.use(
    await startServer({ ...cluster, env: { ...cluster.env, ...env } }, [...journalFlags, ...serverFlags]),
  );
  const processes: Process[] = [];
  for (let index = 0; index < nodes; index++) {
    const args = ["node", "--quiet", "--join", server.address, "--workers", String(workers), ...nodeFlags];
    const process = gristmill([...args, benchPath(`jobs/${job}`)], {
      deadlineMs,
      env: { ...cluster.env, ...env },
      permissions: denoFlags(cluster.profileFolder, `node-${index}`),
    });
    processes.push(stack.use(process));
  }
  const result = await printed<T>(server);
  const { code, stderr } = await server.exit();
  if (code !== 0) throw new Error(`${job} ended with ${code}: ${stderr}`);
  for (const process of processes) await process.exit();
  return result;
}
