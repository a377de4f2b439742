/**
 * What the system says about another process. Linux only.
 *
 * @module
 */

/** Memory and processor time that a process has taken. */
export interface Usage {
  readonly rssBytes: number;
  readonly cpuSeconds: number;
}

/** Ticks of the processor's clock a second, as `/proc` counts: 100 on every Linux that Deno runs on. */
const ticksPerSecond = 100;

/** Whether this system tells. */
export const tellsUsage = Deno.build.os === "linux";

/** Looks at a process. */
export function usageOf(pid: number): Usage {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const rssKiB = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  // What comes before the last parenthesis is the name, in which anything may stand.
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(")").at(-1)!.trim().split(" ");
  const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
  return { rssBytes: rssKiB * 1024, cpuSeconds: (userTicks + systemTicks) / ticksPerSecond };
}

/** How many files a process of this user may have open; `undefined` where that is not told. */
export function openFilesMax(): number | undefined {
  if (!tellsUsage) return undefined;
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"))?.[1]);
}
