/**
 * Loads a job module from a path or a URL.
 *
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { jobOf } from "../job/is_job.ts";
import type { Job } from "../job/types.ts";
import { hashCode } from "./code_hash.ts";
import { LoadError } from "./errors.ts";

/** A job module, imported. */
export interface LoadedModule {
  /** What to import it by, also in a worker. */
  readonly url: string;
  readonly job: Job;
  /** See {@linkcode hashCode}. */
  readonly codeHash: string;
}

const schemes = ["file:", "http:", "https:", "jsr:", "npm:"];

/**
 * Turns what a person typed into what can be imported. A single letter before a colon is a drive, not a scheme.
 *
 * @throws {LoadError} code `job-scheme`
 */
export function resolveJobUrl(text: string, folder: string): string {
  const scheme = /^[a-z][a-z\d+.-]+:/i.exec(text)?.[0].toLowerCase();
  if (scheme === undefined) return pathToFileURL(resolve(folder, text)).href;
  if (!schemes.includes(scheme)) {
    throw new LoadError(
      "job-scheme",
      `Cannot load the job ${text}: it must be a path or begin with ${schemes.join(", ")}`,
    );
  }
  return text;
}

async function requireFile(text: string, url: URL): Promise<void> {
  const complain = (code: "job-not-found" | "job-unreadable", why: string, cause?: unknown) =>
    new LoadError(code, `Cannot load the job ${text}: ${why}`, { cause });
  const path = decodeURIComponent(url.pathname);
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw complain("job-not-found", `there is no file ${path}`, error);
    throw complain("job-unreadable", (error as Error).message, error);
  }
  if (info.isDirectory) throw complain("job-unreadable", `${path} is a folder, and a job is a module`);
}

/** What stands in the frames of our own code between a module that is loaded and the command line. */
const ours = ["cli/", "job/", "main.ts", "mod.ts"].map((path) => new URL(`../${path}`, import.meta.url).href);

/** The lines of a stack below its message, each once, without ours. */
function foreignFrames(stack: string, message: string): string[] {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line) && !ours.some((path) => line.includes(path)));
  return [...new Set(frames)].filter((frame) => !message.includes(frame));
}

function importFailure(text: string, error: unknown): LoadError {
  const isError = error instanceof Error;
  // Deno colours stacks where it writes to a terminal, and puts the first line of one into some messages.
  const what = stripVTControlCharacters(
    isError ? `${error.name}: ${error.message}` : `it throws ${Deno.inspect(error)}`,
  );
  const frames = isError ? foreignFrames(stripVTControlCharacters(error.stack ?? ""), what) : [];
  return new LoadError("job-throws", [`Cannot load the job ${text}: ${what}`, ...frames].join("\n"), { cause: error });
}

/**
 * Imports a job module and hashes its code.
 *
 * @param text A path, or a URL or specifier of `file:`, `http(s):`, `jsr:` or `npm:`
 * @param folder What paths are relative to. @default the working folder
 * @throws {LoadError} When there is no such module, or when it throws.
 * @throws {JobError} When it has no default export, or one that is not a job.
 */
export async function loadJob(text: string, folder: string = Deno.cwd()): Promise<LoadedModule> {
  const url = resolveJobUrl(text, folder);
  if (url.startsWith("file:")) await requireFile(text, new URL(url));
  let module: Record<string, unknown>;
  try {
    module = await import(url);
  } catch (error) {
    throw importFailure(text, error);
  }
  return { url, job: jobOf(module, text), codeHash: await hashCode(url) };
}
