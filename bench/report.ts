// deno-lint-ignore-file no-console -- tables for the terminal
/**
 * Prints figures: as tables for people, or as JSON lines for scripts.
 *
 * @module
 */
import { packageVersion } from "../version.ts";
import type { Figure, Group } from "./figures.ts";

/** The machine that figures hold for. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly deno: string;
  readonly gristmill: string;
}

function cpuModel(): string {
  try {
    return /^model name\s*:\s*(.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}

/** Looks at this machine. */
export function thisMachine(): Machine {
  return {
    cpu: cpuModel(),
    cores: navigator.hardwareConcurrency,
    memoryGiB: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    system: `${Deno.build.os} ${Deno.osRelease()}`,
    deno: Deno.version.deno,
    gristmill: packageVersion,
  };
}

/** Three digits that count; from a thousand on grouped. */
export function short(value: number): string {
  if (value >= 1000) return Math.round(Number(value.toPrecision(4))).toLocaleString("en").replaceAll(",", " ");
  return String(Number(value.toPrecision(3)));
}

/** Says what a run prints. */
export interface Printer {
  readonly begin: () => void;
  readonly group: (benchmark: string, group: Group) => void;
}

/** How a figure compares with the one that it is measured against; `undefined` where there is none. */
function ratioOf({ median, against }: Figure, figures: readonly Figure[]): number | undefined {
  const other = figures.find(({ name }) => name === against);
  return other && median / other.median;
}

/** Tables. */
export function tablePrinter(): Printer {
  return {
    begin: () => {
      const { cpu, cores, memoryGiB, system, deno, gristmill } = thisMachine();
      const date = new Date().toISOString().slice(0, 10);
      console.log(`${date}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Deno ${deno}, Gristmill ${gristmill}`);
    },
    group: (benchmark, { title, figures, skipped = [] }) => {
      console.log(`\n${benchmark}: ${title}`);
      const rows = figures.map((each) => {
        const ratio = ratioOf(each, figures);
        return [
          each.name,
          short(each.median),
          `${short(each.min)} .. ${short(each.max)}`,
          each.unit,
          String(each.rounds),
          ratio === undefined ? "" : `${short(ratio)} x ${each.against}`,
        ];
      });
      printRows([["", "median", "range", "unit", "rounds", "beside"], ...rows]);
      for (const line of skipped) console.log(`  skipped: ${line}`);
    },
  };
}

function printRows(rows: readonly (readonly string[])[]): void {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const isNumber = (column: number) => column === 1 || column === 4;
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])
    );
    console.log(`  ${cells.join("  ").trimEnd()}`);
  }
}

/** One JSON object a line and figure; what was skipped has a line of its own. */
export function jsonPrinter(): Printer {
  const machine = thisMachine();
  return {
    begin: () => {},
    group: (benchmark, { title, figures, skipped = [] }) => {
      const date = new Date().toISOString();
      for (const each of figures) {
        const { name, unit, median, min, max, rounds, against } = each;
        const ratio = ratioOf(each, figures);
        const line = { benchmark, group: title, name, unit, median, min, max, rounds, ratio, against, date, machine };
        console.log(JSON.stringify(line));
      }
      for (const reason of skipped) console.log(JSON.stringify({ benchmark, group: title, skipped: reason, date }));
    },
  };
}
