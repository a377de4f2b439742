/**
 * What user code may do beyond computing.
 *
 * @module
 */

/** A kind of permission that can be granted, as Deno names it. */
export type PermissionKind = "read" | "write" | "net" | "env" | "run" | "sys" | "ffi";

/** All kinds. */
export const permissionKinds: readonly PermissionKind[] = ["read", "write", "net", "env", "run", "sys", "ffi"];

/**
 * What user code may do: `true` for all of a kind, or a list, of paths, hosts, variables, programs or kinds of system
 * information. What is absent is not allowed.
 */
export type TaskPermissions = { readonly [K in PermissionKind]?: true | readonly string[] };

/** As a worker is given them. */
export function workerPermissions(granted: TaskPermissions): Deno.PermissionOptions {
  const kinds = permissionKinds.map((kind) => [kind, copyOf(granted[kind])]);
  return { ...Object.fromEntries(kinds), import: false };
}

/** As `deno run` takes them. */
export function permissionFlags(granted: TaskPermissions): string[] {
  return permissionKinds.flatMap((kind) => {
    const grant = granted[kind];
    if (grant === undefined) return [];
    return [grant === true ? `--allow-${kind}` : `--allow-${kind}=${grant.join(",")}`];
  });
}

/** What of these this process may not do itself, as flags of Deno: it can grant nothing of that. */
export function missingPermissions(granted: TaskPermissions): string[] {
  return permissionKinds.flatMap((kind) => {
    const grant = granted[kind];
    if (grant === undefined) return [];
    if (grant === true) return isGranted(descriptorOf(kind)) ? [] : [`--allow-${kind}`];
    const missing = grant.filter((value) => !isGranted(descriptorOf(kind, value)));
    return missing.length === 0 ? [] : [`--allow-${kind}=${missing.join(",")}`];
  });
}

function copyOf(grant: true | readonly string[] | undefined): boolean | string[] {
  return Array.isArray(grant) ? [...grant] : grant === true;
}

function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}

/** What names the object of a permission, for each kind. */
const objects = { read: "path", write: "path", ffi: "path", net: "host", env: "variable", run: "command", sys: "kind" };

function descriptorOf(kind: PermissionKind, value?: string): Deno.PermissionDescriptor {
  return { name: kind, ...(value === undefined ? {} : { [objects[kind]]: value }) } as Deno.PermissionDescriptor;
}
