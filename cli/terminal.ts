/**
 * Where the command line writes. Results and addresses go to the standard output, everything else to the standard
 * error; a status line on a terminal never mixes with either.
 *
 * @module
 */

/** The two outputs and the status line. */
export interface Terminal {
  /** Whether the standard error is a terminal, on which a line can be redrawn. */
  readonly isInteractive: boolean;
  /** The width of the terminal, in characters. */
  readonly columns: () => number;
  /** Writes a line to the standard output. */
  readonly print: (line: string) => void;
  /** Writes a line to the standard error. */
  readonly note: (line: string) => void;
  /** Redraws the status line, or takes it away. Without a terminal nothing is drawn. */
  readonly status: (line: string | undefined) => void;
}

/** What a {@linkcode Terminal} writes to; the process's own outputs by default. */
export interface TerminalSinks {
  readonly isInteractive: boolean;
  readonly columns: () => number;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}

function writeAll(output: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(output.writeSync(bytes));
  } catch (error) {
    // Whoever was reading has gone, as with `| head`; the job goes on.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function consoleColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}

const processSinks = (): TerminalSinks => ({
  isInteractive: Deno.stderr.isTerminal(),
  columns: consoleColumns,
  writeOut: (text) => writeAll(Deno.stdout, text),
  writeError: (text) => writeAll(Deno.stderr, text),
});

// Return to the line's start and clear to its end, as ECMA-48 has it (CR, then EL).
const clearLine = "\r\x1b[K";

/** Makes a terminal. @param sinks By default the process's own outputs. */
export function createTerminal(sinks: TerminalSinks = processSinks()): Terminal {
  const { isInteractive, columns, writeOut, writeError } = sinks;
  let drawn: string | undefined;
  const around = (write: () => void): void => {
    if (drawn !== undefined) writeError(clearLine);
    write();
    if (drawn !== undefined) writeError(drawn);
  };
  return {
    isInteractive,
    columns,
    print: (line) => around(() => writeOut(`${line}\n`)),
    note: (line) => around(() => writeError(`${line}\n`)),
    status: (line) => {
      if (!isInteractive || (line === undefined && drawn === undefined)) return;
      writeError(clearLine + (line ?? ""));
      drawn = line;
    },
  };
}
