/**
 * Takes in connections for as long as a listener lives.
 *
 * @module
 */
import type { Clock, Logger } from "../actors/types.ts";
import type { Link, Listener } from "../actors/remote/transport.ts";

/** The wait after a failed accept, in milliseconds: running out of file descriptors must not become a busy loop. */
const pauseMs = 100;
/** The least time between two lines about failures, in milliseconds. */
const lineEveryMs = 10_000;

/** Options of {@linkcode acceptLoop}. */
export interface AcceptOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** File descriptors have run out: closes a connection that can be spared, if there is one. */
  readonly giveWay: (why: string) => void;
}

/**
 * Accepts until the signal is aborted. A failure to accept is logged and tried again.
 *
 * @returns A promise that resolves when no more is accepted, and never rejects.
 */
export async function acceptLoop(
  listener: Listener,
  onLink: (link: Link) => void,
  { clock, log, signal, giveWay }: AcceptOptions,
): Promise<void> {
  signal.addEventListener("abort", () => listener.close(), { once: true });
  const trouble = createTrouble(clock, log);
  while (!signal.aborted) {
    try {
      onLink(await listener.accept());
      trouble.over();
    } catch (error) {
      if (signal.aborted) return;
      trouble.failed(error);
      if (isExhaustion(error)) giveWay("file descriptors have run out, and it has not introduced itself");
      await new Promise<void>((resolve) => {
        const cancel = clock.setTimer(pauseMs, resolve);
        signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
      });
    }
  }
}

/** Writes about failures now and then, and about their end. */
function createTrouble(clock: Clock, log: Logger) {
  let failures = 0;
  let writtenMs = -Infinity;
  return {
    failed: (error: unknown): void => {
      failures += 1;
      if (clock.now() - writtenMs < lineEveryMs) return;
      writtenMs = clock.now();
      log.warn(describe(error), { failures });
    },
    over: (): void => {
      if (failures === 0 || clock.now() - writtenMs < lineEveryMs) return;
      log.info("connections are taken in again", { failures });
      failures = 0;
    },
  };
}

/** Whether this process, or the machine, has no file descriptor left. */
function isExhaustion(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: unknown };
  return code === "EMFILE" || code === "ENFILE" || (cause !== undefined && isExhaustion(cause));
}

function describe(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  if (!isExhaustion(error)) return `cannot accept a connection, trying again: ${reason}`;
  return "no file descriptors are left for further connections; those that are there go on. Each node takes one: " +
    `raise the limit before the server is started (ulimit -n NUMBER): ${reason}`;
}
