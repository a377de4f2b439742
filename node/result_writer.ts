/**
 * Gathers a worker's results and sends many in one message.
 *
 * @module
 */
import { isLargeAlone } from "../actors/remote/spare_buffers.ts";
import { packResults } from "./batch.ts";
import type { FromWorker } from "./worker_protocol.ts";

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
      if (!failed && isLargeAlone(payload)) {
        flush();
        return post({ kind: "large-result", elapsedMs, payload }, [payload.buffer as ArrayBuffer]);
      }
      results.failed.push(failed);
      results.elapsedMs.push(elapsedMs);
      results.payloads.push(payload);
    },
    waiting: () => results.payloads.length,
    flush,
  };
}
