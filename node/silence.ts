/**
 * Whether the server is gone. Pure data; fair to the server when it is this process that was stalled.
 *
 * @module
 */

/**
 * Silence of more than this many heartbeats means that the server is gone. A server that dies closes its connections,
 * and one that its job keeps busy comes back, so that a node has more patience than a server: it bears one that was
 * blocked for five heartbeats, and had its last word two before.
 */
export const silentBeats = 8;
/** How often in a heartbeat the silence is checked. */
const checksPerBeat = 4;

/** How often to call {@linkcode Silence.tooLong}, in milliseconds. */
export const silenceCheckMs = (heartbeatMs: number): number => heartbeatMs / checksPerBeat;

/** Judges one connection; see {@linkcode createSilence}. */
export interface Silence {
  /**
   * Whether nothing was received for {@linkcode silentBeats} heartbeats. To be called every {@linkcode silenceCheckMs}.
   *
   * @param nowMs The time now.
   * @param lastReceivedMs When anything was last received, on the same clock.
   */
  readonly tooLong: (nowMs: number, lastReceivedMs: number) => boolean;
}

/**
 * Makes a judge of the server's silence.
 *
 * A check that comes late shows that this process was not running: what the server sent meanwhile may still wait in
 * the socket, so the time that was lost is added to the limit until the next byte is received.
 *
 * @example
 * ```ts
 * const silence = createSilence(1000, 0);
 * silence.tooLong(250, 0); // false
 * ```
 */
export function createSilence(heartbeatMs: number, nowMs: number): Silence {
  const periodMs = silenceCheckMs(heartbeatMs);
  let lastCheckMs = nowMs;
  let heardMs = -Infinity;
  let lostMs = 0;
  return {
    tooLong: (now, lastReceivedMs) => {
      if (lastReceivedMs !== heardMs) {
        heardMs = lastReceivedMs;
        lostMs = 0;
      }
      lostMs += Math.max(0, now - lastCheckMs - periodMs);
      lastCheckMs = now;
      return now - lastReceivedMs > silentBeats * heartbeatMs + lostMs;
    },
  };
}
