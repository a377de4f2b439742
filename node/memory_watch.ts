/**
 * Watches how much memory a worker has, as far as a worker can see that: its heap and its buffers, with what is not
 * collected yet. Pure but for the reading.
 *
 * @module
 */

/** How often the memory is looked at, in milliseconds. */
export const memoryLookMs = 100;
/** Of this part of the heap's limit on, the runtime may end the whole process at any moment. */
const heapPartMax = 0.9;
const mebibyte = 2 ** 20;

/** What a worker has. */
export interface MemoryReading {
  readonly heapBytes: number;
  /** Where the runtime ends the process. */
  readonly heapLimitBytes: number;
  /** What buffers have outside of the heap. */
  readonly externalBytes: number;
}

/** Why a worker is ended that has too much memory. */
export class MemoryLimitError extends Error {
  override readonly name = "MemoryLimitError";
  /** Stable. */
  readonly code = "memory-limit";
}

/**
 * Makes a watch that tells when a worker must end.
 *
 * @param memoryMb How much a worker may have, in MiB; 0 for as much as the runtime bears
 * @returns Looks, if it is time; gives the error when there is too much
 *
 * @example
 * ```ts
 * import { createMemoryWatch } from "./memory_watch.ts";
 *
 * const reading = { heapBytes: 2 ** 30, heapLimitBytes: 2 ** 32, externalBytes: 0 };
 * createMemoryWatch(() => reading, 512)(1000)?.message; // "it had 1024 MiB of memory, more than 512 MiB ..."
 * ```
 */
export function createMemoryWatch(
  read: () => MemoryReading,
  memoryMb: number,
): (nowMs: number) => MemoryLimitError | undefined {
  let nextMs = 0;
  return (nowMs) => {
    if (nowMs < nextMs) return undefined;
    nextMs = nowMs + memoryLookMs;
    const { heapBytes, heapLimitBytes, externalBytes } = read();
    const bytes = heapBytes + externalBytes;
    if (memoryMb > 0 && bytes > memoryMb * mebibyte) return new MemoryLimitError(overLimit(bytes, memoryMb));
    if (heapBytes <= heapPartMax * heapLimitBytes) return undefined;
    const [heap, limit] = [heapBytes, heapLimitBytes].map((each) => Math.round(each / mebibyte));
    return new MemoryLimitError(
      `its heap of ${heap} MiB is about to end the whole node at ${limit} MiB: hold less, or raise the limit by ` +
        "--v8-flags=--max-old-space-size",
    );
  };
}

/** The words for a worker that has more memory than it may. */
export function overLimit(bytes: number, memoryMb: number): string {
  return `it had ${Math.ceil(bytes / mebibyte)} MiB of memory, more than ${memoryMb} MiB (option --worker-memory)`;
}
