/**
 * How the slots of a node are kept apart, and within their memory and permissions.
 *
 * @module
 */
import type { NodeOptions } from "../node/node_options.ts";
import { missingPermissions, type PermissionKind, permissionKinds, type TaskPermissions } from "../node/permissions.ts";
import type { Flag } from "./args.ts";
import { isNpmDoor } from "./door.ts";
import { UsageError } from "./errors.ts";
import type { Invocation } from "./verb.ts";

const memoryMbMax = 2 ** 24;

/** What the values of each grant are, and what it lets user code do. */
const granted: Readonly<Record<PermissionKind, readonly [values: string, what: string]>> = {
  read: ["PATH", "read files"],
  write: ["PATH", "write files"],
  net: ["HOST", "use the network"],
  env: ["NAME", "read environment variables"],
  run: ["PROGRAM", "start programs, which can do anything that this account can"],
  sys: ["KIND", "ask about the system"],
  ffi: ["PATH", "load native libraries, which can do anything that this account can"],
};

/** Flags of the verbs that start nodes. */
export const isolationFlags: readonly Flag[] = [
  ...permissionKinds.map((kind) => ({
    ...{ name: `allow-${kind}`, type: "grant" as const },
    placeholder: granted[kind][0],
    help: `let user code ${granted[kind][1]} (default not at all)`,
  })),
  {
    name: "isolation",
    type: "string",
    placeholder: "worker|process",
    help: "what computes a task: with process, one that runs out of memory ends nothing but itself (default worker)",
  },
  {
    name: "worker-memory",
    type: "number",
    placeholder: "MIB",
    help: "replace a worker or process that has more memory (default 0, for as much as Deno bears)",
  },
  {
    name: "spawn-flag",
    type: "list",
    placeholder: "FLAG",
    help: "with --isolation process: a flag for its `deno run`, such as --import-map=FILE",
  },
];

/**
 * Reads the flags.
 *
 * @throws {UsageError} If a value is not among those allowed.
 */
export function isolationOf(
  { args: { flags } }: Invocation,
): Pick<NodeOptions, "isolation" | "workerMemoryMb" | "spawnFlags" | "permissions"> {
  const isolation = flags.get("isolation") ?? "worker";
  if (isolation !== "worker" && isolation !== "process") {
    throw new UsageError(`Cannot use --isolation ${JSON.stringify(isolation)}: it must be worker or process`);
  }
  const workerMemoryMb = Number(flags.get("worker-memory") ?? 0);
  if (!Number.isInteger(workerMemoryMb) || !(workerMemoryMb >= 0 && workerMemoryMb <= memoryMbMax)) {
    throw new UsageError(`Cannot use --worker-memory ${workerMemoryMb}: it must be a whole number of MiB, or 0`);
  }
  const given = (flags.get("spawn-flag") ?? []) as readonly string[];
  return { isolation, workerMemoryMb, spawnFlags: [...doorFlags(), ...given], permissions: permissionsOf(flags) };
}

/** What user code may do. @throws {UsageError} If this process may not do it itself. */
function permissionsOf(flags: Invocation["args"]["flags"]): TaskPermissions {
  const permissions: TaskPermissions = Object.fromEntries(
    permissionKinds.filter((kind) => flags.has(`allow-${kind}`)).map((kind) => [kind, flags.get(`allow-${kind}`)]),
  );
  const missing = missingPermissions(permissions).join(" ");
  if (missing === "") return permissions;
  throw new UsageError(
    `Cannot grant tasks ${missing}: gristmill itself may not do it; start it by deno run ${missing}, or without`,
  );
}

/** What a process needs to find this package's modules where an import map stands in for their registry. */
function doorFlags(): string[] {
  const map = new URL("../npm/import_map.json", import.meta.url).href;
  return isNpmDoor() ? [`--import-map=${map}`, "--node-modules-dir=manual"] : [];
}
