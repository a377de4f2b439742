/**
 * What the command line asks of the machine. Nothing here prompts for a permission: what is not granted has a
 * fallback.
 *
 * @module
 */

/** The machine's name, or `fallback` where reading it is not permitted. */
export function hostName(fallback: string): string {
  const permission = Deno.permissions.querySync({ name: "sys", kind: "hostname" });
  return permission.state === "granted" ? Deno.hostname() : fallback;
}

/** An environment variable, or `undefined` where it is not set or reading it is not permitted. */
export function readEnvironment(variable: string): string | undefined {
  const permission = Deno.permissions.querySync({ name: "env", variable });
  return permission.state === "granted" ? Deno.env.get(variable) : undefined;
}

/** How many tasks this machine can compute at once. */
export function coreCount(): number {
  return Math.max(1, navigator.hardwareConcurrency);
}

/** The workers of each of `nodes` nodes on this machine, so that together they fill its cores. */
export function workersPerNode(nodes: number, cores: number): number {
  return Math.max(1, Math.floor(cores / nodes));
}

/** The name of a node for which none was given: host name and process id, and a number where a process has several. */
export function defaultNodeName(index?: number): string {
  return `${hostName("node")}-${Deno.pid}${index === undefined ? "" : `-${index}`}`;
}

/** The time, in milliseconds since 1970, for people. */
export function dateMs(): number {
  return performance.timeOrigin + performance.now();
}
