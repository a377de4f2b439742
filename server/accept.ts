/**
 * Takes in connections for as long as a listener lives.
 *
 * @module
 */
import type { Clock, Logger } from "../actors/types.ts";
import type { Link, Listener } from "../actors/remote/transport.ts";

/** The wait after a failed accept, in milliseconds: running out of file descriptors must not become a busy loop. */
const pauseMs = 100;

/**
 * Accepts until the signal is aborted. A failure to accept is logged and tried again.
 *
 * @returns A promise that resolves when no more is accepted, and never rejects.
 */
export async function acceptLoop(
  listener: Listener,
  onLink: (link: Link) => void,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  signal.addEventListener("abort", () => listener.close(), { once: true });
  while (!signal.aborted) {
    try {
      onLink(await listener.accept());
    } catch (error) {
      if (signal.aborted) return;
      log.warn(`cannot accept a connection, trying again: ${error instanceof Error ? error.message : error}`);
      await new Promise<void>((resolve) => {
        const cancel = clock.setTimer(pauseMs, resolve);
        signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
      });
    }
  }
}
