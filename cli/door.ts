/**
 * By which door this package was entered, and so how a person starts it again.
 *
 * @module
 */
import { basename, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Whether an import map stands in for the registry of some packages. */
export function isNpmDoor(): boolean {
  return import.meta.resolve("jsr:@std/msgpack@^1").startsWith("file:");
}

/** What starts a program at a URL, with what all verbs need. */
function denoRun(url: string): string {
  const flags = ["--unstable-worker-options", "--no-prompt", "--allow-read", "--allow-write", "--allow-net"];
  return ["deno run", ...flags, "--allow-sys=hostname", '"--allow-env=GRISTMILL_*"', url].join(" ");
}

/** How a person starts the `gristmill` command again, such as on another machine. @param url That of main.ts */
export function commandName(url: string): string {
  if (Deno.build.standalone) return basename(Deno.execPath());
  if (!url.startsWith("file:")) return denoRun(url);
  return isNpmDoor() ? "npm run -s gristmill --" : "deno task gristmill";
}

/** How a person starts a program that is its own job. @param url That of its main module */
export function programName(url: string): string {
  if (Deno.build.standalone) return basename(Deno.execPath());
  return denoRun(url.startsWith("file:") ? relative(Deno.cwd(), fileURLToPath(url)) : url);
}
