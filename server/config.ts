/**
 * The settings of servers and nodes: their defaults, their limits, and where each can be given.
 *
 * @module
 */
import { parseFingerprint } from "../actors/remote/certificate.ts";
import { asError } from "../actors/remote/errors.ts";
import { resolveLimits, type WireLimits } from "../actors/remote/limits.ts";
import { tokenFault } from "../actors/remote/token.ts";
import { ConfigError } from "./errors.ts";

/** Every setting. A server reads some of them, a node others; one file can serve both. */
export interface Config {
  /** The address that the server listens on, or that a node dials: a name or an IP address. @default "127.0.0.1" */
  readonly host: string;
  /** The TCP port; 0 lets the system choose one when listening. @default 9000 */
  readonly port: number;
  /** How often a node says that it is alive, in milliseconds. It is given up after 1.75 of these. @default 5000 */
  readonly heartbeatMs: number;
  /** The base of a node's wait before it dials again, in milliseconds; doubled with each failure. @default 1000 */
  readonly retryDelayMs: number;
  /** How many failures in a row to reach the server a node tolerates; 30 take 12 minutes on average. @default 30 */
  readonly retryCounter: number;
  /** How many tasks a node computes at once; 0 for one a core. @default 0 */
  readonly workers: number;
  /** Whether frames are compressed where that pays; never on loopback. @default true */
  readonly compress: boolean;
  /** Whether the connection uses TLS, and nothing else is taken. @default false */
  readonly encrypt: boolean;
  /**
   * What opens the server; empty for none. An operator's token, such as `gristmill token` makes, opens it for orders
   * and for nodes; a nodes' token for nodes alone. Never sent: each side proves to know it. At least 16 characters.
   *
   * @default ""
   */
  readonly token: string;
  /** A file that holds the token; the command line reads it. @default "" */
  readonly tokenFile: string;
  /** The server's TLS certificate, a PEM file. @default "" */
  readonly certificateFile: string;
  /** The private key of the server's TLS certificate, a PEM file. @default "" */
  readonly certificateKeyFile: string;
  /** The certificate, a PEM file, that vouches for the server, in place of the well-known authorities. @default "" */
  readonly authorityFile: string;
  /** The fingerprint of the server's certificate, `sha256:...`: a node takes this one and no other. @default "" */
  readonly fingerprint: string;
  /** How long one attempt at a task may compute, in milliseconds; 0 for what the job says. @default 0 */
  readonly taskTimeoutMs: number;
  /** How many attempts a task has that fails by its own error; 0 for what the job says, or 3. @default 0 */
  readonly maxAttempts: number;
  /** How many lost nodes a task may survive before it counts as failed. @default 5 */
  readonly maxNodeLosses: number;
  /** What a task that failed for good does to the job: `stop` ends it, `skip` leaves the task out. @default "stop" */
  readonly onFailure: "stop" | "skip";
  /** Whether tasks that take far longer than usual are computed a second time, where slots are idle. @default true */
  readonly speculate: boolean;
  /** How long a new connection may take to introduce itself, in milliseconds. @default 10000 */
  readonly handshakeTimeoutMs: number;
  /** How many connections may wait to be introduced. Beyond it the oldest is closed. @default 1024 */
  readonly pendingMax: number;
  /** The same for one IPv4 address, or one /64 of IPv6. @default 256 */
  readonly pendingPerAddressMax: number;
  /** The longest frame of a peer that is not introduced yet, in bytes. @default 4096 */
  readonly preAuthFrameBytesMax: number;
  /** The longest frame, in bytes, decompressed. @default 4 MiB */
  readonly frameBytesMax: number;
  /** The longest value: a task's data, a result, initial data or a custom message, in bytes. @default 8 GiB */
  readonly valueBytesMax: number;
  /** What may wait for a peer that does not read, tasks and results aside, in bytes. @default 64 MiB */
  readonly queuedBytesMax: number;
  /** How long a peer may read nothing while something waits for it, in milliseconds. @default 60000 */
  readonly idleTimeoutMs: number;
  /** How much a node may write into the log in a second, in bytes; lines beyond are left out. @default 1 MiB */
  readonly nodeLogBytesMax: number;
  /** How long the server waits for nodes to take their leave at the end, in milliseconds. @default 1000 */
  readonly closeTimeoutMs: number;
  /** The node's name in logs; empty for host name and process id. @default "" */
  readonly name: string;
  /** The least grave lines that are logged: `debug`, `info`, `warn` or `error`. @default "info" */
  readonly logLevel: string;
  /** A file that log lines are appended to instead of the standard error. @default "" */
  readonly logFile: string;
}

/** How one setting is given and checked. */
export interface ConfigField {
  /** Its name in a program and in a JSON file. */
  readonly name: keyof Config;
  /** Its flag on the command line, without the dashes. */
  readonly flag: string;
  /** Its environment variable. */
  readonly env: string;
  /** The type of its value. */
  readonly type: "string" | "number" | "boolean";
  /** One line for people, with its unit. */
  readonly help: string;
  /** Whether it concerns the server, a node, or both. */
  readonly side: "server" | "node" | "both";
  /** For numbers: the least value. All numbers are whole. */
  readonly min?: number;
  /** For numbers: the greatest value. */
  readonly max?: number;
  /** For strings: the only values allowed. */
  readonly oneOf?: readonly string[];
}

/** The defaults of all settings. */
export const defaultConfig: Config = {
  host: "127.0.0.1",
  port: 9000,
  heartbeatMs: 5_000,
  retryDelayMs: 1_000,
  retryCounter: 30,
  workers: 0,
  compress: true,
  encrypt: false,
  token: "",
  tokenFile: "",
  certificateFile: "",
  certificateKeyFile: "",
  authorityFile: "",
  fingerprint: "",
  taskTimeoutMs: 0,
  maxAttempts: 0,
  maxNodeLosses: 5,
  onFailure: "stop",
  speculate: true,
  handshakeTimeoutMs: 10_000,
  pendingMax: 1_024,
  pendingPerAddressMax: 256,
  preAuthFrameBytesMax: 4_096,
  frameBytesMax: 4 * 1024 ** 2,
  valueBytesMax: 8 * 1024 ** 3,
  queuedBytesMax: 64 * 1024 ** 2,
  idleTimeoutMs: 60_000,
  nodeLogBytesMax: 1024 ** 2,
  closeTimeoutMs: 1_000,
  name: "",
  logLevel: "info",
  logFile: "",
};

const dayMs = 86_400_000;

type FieldRow = readonly [
  name: keyof Config,
  side: ConfigField["side"],
  help: string,
  bounds?: { readonly min: number; readonly max: number } | readonly string[],
];

const rows: readonly FieldRow[] = [
  ["host", "both", "address to listen on, or to dial"],
  ["port", "both", "TCP port; 0 lets the system choose", { min: 0, max: 65_535 }],
  ["heartbeatMs", "server", "how often nodes say that they are alive, in ms", { min: 10, max: dayMs }],
  ["retryDelayMs", "node", "base of the wait before dialling again, in ms", { min: 1, max: dayMs }],
  ["retryCounter", "node", "failures in a row to reach the server before giving up", { min: 0, max: 1e9 }],
  ["workers", "node", "tasks computed at once by a node; 0 for one a core", { min: 0, max: 4_096 }],
  ["compress", "both", "compress frames where that pays"],
  ["encrypt", "both", "use TLS"],
  ["token", "both", "what opens the server (`token` makes one); better in a file, or in GRISTMILL_TOKEN"],
  ["tokenFile", "both", "file that holds the token"],
  ["certificateFile", "server", "TLS certificate of the server (PEM)"],
  ["certificateKeyFile", "server", "private key of that certificate (PEM)"],
  ["authorityFile", "node", "certificate that vouches for the server (PEM)"],
  ["fingerprint", "node", "take a server with this certificate alone (sha256:...)"],
  ["taskTimeoutMs", "server", "limit of one attempt at a task, in ms; 0 for what the job says", {
    min: 0,
    max: 2 ** 32 - 1,
  }],
  ["maxAttempts", "server", "attempts at a task that fails; 0 for what the job says, or 3", { min: 0, max: 1e6 }],
  ["maxNodeLosses", "server", "lost nodes that a task survives", { min: 0, max: 1e6 }],
  ["onFailure", "server", "what a task that failed for good does to the job", ["stop", "skip"]],
  ["speculate", "server", "compute stragglers a second time where slots are idle"],
  ["handshakeTimeoutMs", "server", "time for a new connection to introduce itself, in ms", { min: 100, max: dayMs }],
  ["pendingMax", "server", "connections that may wait to be introduced", { min: 1, max: 1e6 }],
  ["pendingPerAddressMax", "server", "the same from one address", { min: 1, max: 1e6 }],
  ["preAuthFrameBytesMax", "both", "longest frame of a peer that is not introduced", { min: 512, max: 262_144 }],
  ["frameBytesMax", "both", "longest frame, decompressed, in bytes", { min: 4_096, max: 2 ** 30 }],
  ["valueBytesMax", "both", "longest task, result or message, in bytes", { min: 1_024, max: Number.MAX_SAFE_INTEGER }],
  ["queuedBytesMax", "both", "bytes that may wait for a peer that does not read", { min: 1_024, max: 2 ** 50 }],
  ["idleTimeoutMs", "both", "time for which a peer may read nothing of what waits for it, in ms", {
    min: 100,
    max: dayMs,
  }],
  ["nodeLogBytesMax", "server", "bytes that a node may log in a second", { min: 1_024, max: 2 ** 50 }],
  ["closeTimeoutMs", "server", "time for nodes to leave at the end, in ms", { min: 0, max: dayMs }],
  ["name", "node", "name in logs"],
  ["logLevel", "both", "least grave lines to log", ["debug", "info", "warn", "error"]],
  ["logFile", "both", "file to append log lines to"],
];

const words = (name: string): string[] => name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());

/** All settings, in the order of help texts. Flags drop the unit: `heartbeatMs` is `--heartbeat`. */
export const configFields: readonly ConfigField[] = rows.map(([name, side, help, bounds]) => ({
  name,
  side,
  help,
  flag: words(name).filter((word) => word !== "ms").join("-"),
  env: `GRISTMILL_${words(name).filter((word) => word !== "ms").join("_").toUpperCase()}`,
  type: typeof defaultConfig[name] as ConfigField["type"],
  ...(Array.isArray(bounds)
    ? { oneOf: bounds as readonly string[] }
    : bounds as { min: number; max: number } | undefined),
}));

function checkField(field: ConfigField, value: unknown): void {
  const { name, flag, type, min = -Infinity, max = Infinity, oneOf } = field;
  const complain = (wanted: string): never => {
    const shown = name === "token" ? "(hidden)" : JSON.stringify(value) ?? String(value);
    throw new ConfigError(`Cannot use ${name} = ${shown}: it must be ${wanted} (option --${flag})`);
  };
  const given: string = typeof value;
  if (given !== type) complain(`a ${type}`);
  if (type === "number" && !(Number.isInteger(value) && (value as number) >= min && (value as number) <= max)) {
    complain(`a whole number from ${min} to ${max}`);
  }
  const fault = name === "token" && value !== "" ? tokenFault(value as string) : undefined;
  if (name === "fingerprint" && value !== "" && !parseFingerprint(value as string)) {
    complain("sha256: and 64 hexadecimal digits, as serve prints it");
  }
  if (fault) complain(fault);
  if (oneOf && !oneOf.includes(value as string)) complain(`one of ${oneOf.join(", ")}`);
}

/**
 * Fills in the defaults and checks every value.
 *
 * @throws {ConfigError} code `config-invalid`, for an unknown name or a value that is not allowed.
 *
 * @example
 * ```ts
 * import { checkConfig } from "@gristmill/gristmill";
 *
 * const config = checkConfig({ port: 0, heartbeatMs: 1000 });
 * ```
 */
export function checkConfig(partial: Readonly<Record<string, unknown>> | Partial<Config>): Config {
  for (const [name, value] of Object.entries(partial)) {
    const field = configFields.find((candidate) => candidate.name === name);
    if (!field) {
      const known = configFields.map((candidate) => candidate.name).join(", ");
      throw new ConfigError(`Unknown setting ${JSON.stringify(name)}: the settings are ${known}`);
    }
    if (value !== undefined) checkField(field, value);
  }
  const given = Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined));
  const config: Config = { ...defaultConfig, ...given };
  if (config.host === "") {
    throw new ConfigError('Cannot use host = "": it must be a host name or an IP address (option --host)');
  }
  checkWireLimits(config);
  return config;
}

/** Those of the settings that are limits of a connection. */
export function wireLimitsOf(config: Config): Partial<WireLimits> {
  const { preAuthFrameBytesMax, frameBytesMax, valueBytesMax, queuedBytesMax, idleTimeoutMs } = config;
  return { preAuthFrameBytesMax, frameBytesMax, valueBytesMax, queuedBytesMax, idleTimeoutMs };
}

/** Some of them bound one another. */
function checkWireLimits(config: Config): void {
  try {
    resolveLimits(wireLimitsOf(config));
  } catch (cause) {
    const { message } = asError(cause);
    throw new ConfigError(`Cannot use the limits together: ${message} (options --frame-bytes-max and its like)`);
  }
}
