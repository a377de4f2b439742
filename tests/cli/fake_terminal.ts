import type { Terminal } from "../../cli/terminal.ts";

/** A terminal that keeps what it is told. */
export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly notes: string[];
  readonly statuses: (string | undefined)[];
}

/** Makes a terminal that keeps what it is told. */
export function fakeTerminal({ isInteractive = false } = {}): FakeTerminal {
  const printed: string[] = [];
  const notes: string[] = [];
  const statuses: (string | undefined)[] = [];
  return {
    isInteractive,
    columns: () => 80,
    print: (line) => void printed.push(line),
    note: (line) => void notes.push(line),
    status: (line) => void statuses.push(line),
    printed,
    notes,
    statuses,
  };
}
