/**
 * Ctrl-C and SIGTERM: the first one asks for an orderly end, the second one ends at once.
 *
 * @module
 */
import { exitCodes } from "./errors.ts";

/** Listens for signals until it is disposed of. */
export interface SignalWatch extends Disposable {
  /** The exit code of the signal that came, if one did. */
  readonly exitCode: () => number | undefined;
}

const signals = [["SIGINT", exitCodes.interrupted], ["SIGTERM", exitCodes.terminated]] as const;

/**
 * Calls `onFirst` at the first signal; ends the process at the second.
 *
 * @param onFirst Gets the signal's name
 */
export function watchSignals(onFirst: (signal: string) => void): SignalWatch {
  let exitCode: number | undefined;
  const listeners = signals.map(([signal, code]) => {
    const listener = () => {
      if (exitCode !== undefined) Deno.exit(code);
      exitCode = code;
      onFirst(signal);
    };
    return [signal, listener] as const;
  }).filter(([signal]) => signal !== "SIGTERM" || Deno.build.os !== "windows");
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return {
    exitCode: () => exitCode,
    [Symbol.dispose]: () => {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}
