// deno-lint-ignore-file no-console -- it is what this file replaces
/**
 * Leads what a job's server half writes with `console` past the status line.
 *
 * @module
 */
import { format } from "node:util";
import type { Terminal } from "./terminal.ts";

/** Where the methods of `console` write, as they do without this. */
const outputs = { log: "print", info: "print", debug: "print", warn: "note", error: "note" } as const;

/** Replaces the commonest methods of `console` until it is disposed of. Without a status line nothing is replaced. */
export function captureConsole(terminal: Terminal): Disposable {
  if (!terminal.isInteractive) return { [Symbol.dispose]: () => {} };
  const names = Object.keys(outputs) as (keyof typeof outputs)[];
  const originals = names.map((name) => [name, console[name]] as const);
  for (const name of names) {
    console[name] = (...values: unknown[]) => terminal[outputs[name]](format(...values));
  }
  return { [Symbol.dispose]: () => originals.forEach(([name, original]) => console[name] = original) };
}
