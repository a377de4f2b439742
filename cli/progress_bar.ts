/**
 * Shows how far a job is: one line, redrawn on a terminal, or written now and then elsewhere.
 *
 * @module
 */
import type { Progress } from "../server/messages.ts";
import type { Summary } from "../job/types.ts";
import type { Terminal } from "./terminal.ts";

const barCells = 16;
const unknown = "—";

/** How a number of milliseconds is written: `850 ms`, `12.3 s`, `4:05`, `2:04:05`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const two = (value: number) => String(value % 60).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}:${two(seconds)}` : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(seconds)}`;
}

/** A number with its noun: `1 task`, `2 tasks`. */
export const counted = (value: number, noun: string): string => `${value} ${noun}${value === 1 ? "" : "s"}`;

function rate(perSecond: number): string {
  if (perSecond === 0) return unknown;
  return perSecond >= 100 ? perSecond.toFixed(0) : perSecond >= 1 ? perSecond.toFixed(1) : perSecond.toPrecision(2);
}

/**
 * Writes progress as one line, without colours. Where the number of tasks is not known there is neither a bar nor a
 * percentage, and a time that is not known is a dash: nothing is guessed.
 *
 * @param columns The line is cut at this width. @default Infinity
 *
 * @example
 * ```ts
 * renderProgress({
 *   collected: 64, running: 4, failed: 0, total: 256, nodes: 2, slots: 4, ratePerSecond: 32, etaMs: 6000, elapsedMs: 0,
 * });
 * // ████░░░░░░░░░░░░  25%  64/256 tasks  32.0/s  ETA 6.0 s  2 nodes
 * ```
 */
export function renderProgress(progress: Progress, columns = Infinity): string {
  const { collected, failed, total, nodes, ratePerSecond, etaMs } = progress;
  const parts: string[] = [];
  if (total === undefined) {
    parts.push(counted(collected, "task"));
  } else {
    const fraction = total === 0 ? 1 : Math.min(1, collected / total);
    const full = Math.floor(fraction * barCells);
    // Rounded down: 100% is said only when all are collected.
    const percent = `${Math.floor(fraction * 100)}%`.padStart(4);
    parts.push(
      "█".repeat(full) + "░".repeat(barCells - full) + ` ${percent}`,
      `${collected}/${counted(total, "task")}`,
    );
  }
  parts.push(`${rate(ratePerSecond)}/s`);
  if (total !== undefined && collected + failed < total) {
    parts.push(`ETA ${etaMs === undefined ? unknown : formatDuration(etaMs)}`);
  }
  parts.push(counted(nodes, "node"));
  if (failed > 0) parts.push(`${failed} failed`);
  return [...parts.join("  ")].slice(0, columns).join("");
}

/** Writes how a job went as one line, such as `complete: 256 tasks in 12.3 s on 2 nodes, 0 retried`. */
export function renderSummary(summary: Summary): string {
  const { outcome, collected, failed, retried, resumed, speculated, nodes, nodesLost, elapsedMs } = summary;
  const parts = [
    `${outcome}: ${counted(collected, "task")} in ${formatDuration(elapsedMs)} on ${counted(nodes, "node")}`,
    `${retried} retried`,
  ];
  if (resumed > 0) parts.push(`${resumed} from the journal`);
  if (speculated > 0) parts.push(`${speculated} computed twice`);
  if (failed > 0) parts.push(`${failed} failed`);
  if (nodesLost > 0) parts.push(`${counted(nodesLost, "node")} lost`);
  return parts.join(", ");
}

/** The least time between two lines where there is no terminal, in milliseconds. */
export const plainPeriodMs = 10_000;
/** The least time between two lines between which nothing has happened, in milliseconds. */
export const idlePeriodMs = 60_000;

/** What must change for something to have happened; rates and times change by themselves. */
const countsOf = ({ collected, failed, total, nodes }: Progress): string => `${[collected, failed, total, nodes]}`;

/**
 * Makes what a server reports its progress to. On a terminal every report redraws the status line; elsewhere a line is
 * written when the one before it is {@linkcode plainPeriodMs} old, or {@linkcode idlePeriodMs} if nothing has happened.
 */
export function progressWriter(terminal: Terminal): (progress: Progress) => void {
  let writtenMs = 0;
  let written = "";
  return (progress) => {
    if (terminal.isInteractive) {
      // The last column stays free: a full line would wrap on some terminals.
      return terminal.status(renderProgress(progress, terminal.columns() - 1));
    }
    const counts = countsOf(progress);
    if (progress.elapsedMs - writtenMs < (counts === written ? idlePeriodMs : plainPeriodMs)) return;
    writtenMs = progress.elapsedMs;
    written = counts;
    terminal.note(renderProgress(progress));
  };
}
