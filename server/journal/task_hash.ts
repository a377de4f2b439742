/** The hash by which a resumed job's tasks are known. @module */
import { hash } from "node:crypto";

/**
 * The first 64 bits of the SHA-256 of a task's payload, as 16 hexadecimal digits: the same on every machine. A task
 * whose data changed keeps its hash with a chance of 1 in 2^64, since hashes are compared for one task number only.
 *
 * @example
 * ```ts
 * taskHash(new Uint8Array()); // "e3b0c44298fc1c14"
 * ```
 */
export function taskHash(payload: Uint8Array): string {
  return hash("sha256", payload).slice(0, 16);
}
