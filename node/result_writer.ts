/**
 * Gathers a worker's results and sends many in one message.
 *
 * @module
 */
import { packResults } from "./batch.ts";
import type { FromWorker } from "./worker_protocol.ts";

/** A result of this size travels alone, by transfer, instead of being copied into a batch; in bytes. */
const largeBytes = 262_144;

/** Results on their way out; see {@linkcode createResultWriter}. */
export interface ResultWriter {
  readonly add: (payload: Uint8Array, failed: boolean, elapsedMs: number) => void;
  /** How many results wait. */
  readonly waiting: () => number;
  /** Sends what waits. */
  readonly flush: () => void;
}

/** Makes a writer that sends through `post`. */
export function createResultWriter(post: (message: FromWorker, transfer: ArrayBuffer[]) => void): ResultWriter {
  let results = { failed: [] as boolean[], elapsedMs: [] as number[], payloads: [] as Uint8Array[] };
  const flush = (): void => {
    const count = results.payloads.length;
    if (count === 0) return;
    const batch = packResults(results);
    results = { failed: [], elapsedMs: [], payloads: [] };
    post({ kind: "results", count, batch }, [batch]);
  };
  return {
    add: (payload, failed, elapsedMs) => {
      if (payload.byteLength >= largeBytes && !failed) {
        flush();
        const whole = payload.byteLength === payload.buffer.byteLength ? payload : payload.slice();
        post({ kind: "large-result", elapsedMs, payload: whole }, [whole.buffer as ArrayBuffer]);
        return;
      }
      results.failed.push(failed);
      results.elapsedMs.push(elapsedMs);
      results.payloads.push(payload);
    },
    waiting: () => results.payloads.length,
    flush,
  };
}
