/**
 * Who has been silent for too long. Pure data; fair to nodes when it is the server itself that was stalled.
 *
 * @module
 */

/** Silence of this many heartbeats is too long: one beat missed, and three quarters of one for jitter. */
const silentBeats = 1.75;
/** How often in a heartbeat the silences are checked, so that a loss is noticed within two heartbeats. */
const checksPerBeat = 8;

/** How often to call {@linkcode Liveness.check}, in milliseconds. */
export const checkPeriodMs = (heartbeatMs: number): number => heartbeatMs / checksPerBeat;

/** When each node was last heard; see {@linkcode createLiveness}. */
export interface Liveness<Node> {
  /** A sign of life, at `nowMs`. Adds the node if it is new. */
  readonly heard: (node: Node, nowMs: number) => void;
  readonly forget: (node: Node) => void;
  /** The nodes that have been silent for too long; they are forgotten. To be called every `checkPeriodMs`. */
  readonly check: (nowMs: number) => Node[];
}

/**
 * Makes an empty record.
 *
 * A check that comes late shows that this process was not running: for that time it could not hear anybody, so it
 * is added to every deadline.
 *
 * @param heartbeatMs How often each node gives a sign of life, in milliseconds.
 * @param nowMs The time now, on the same clock as all other times given.
 *
 * @example
 * ```ts
 * const liveness = createLiveness<string>(1000, 0);
 * liveness.heard("a", 0);
 * liveness.check(125); // []
 * ```
 */
export function createLiveness<Node>(heartbeatMs: number, nowMs: number): Liveness<Node> {
  const lastHeard = new Map<Node, number>();
  const periodMs = checkPeriodMs(heartbeatMs);
  let lastCheck = nowMs;
  return {
    heard: (node, now) => void lastHeard.set(node, now),
    forget: (node) => void lastHeard.delete(node),
    check: (now) => {
      const lagMs = now - lastCheck - periodMs;
      lastCheck = now;
      if (lagMs > periodMs) {
        for (const [node, time] of lastHeard) lastHeard.set(node, Math.min(now, time + lagMs));
      }
      const silent: Node[] = [];
      for (const [node, time] of lastHeard) if (now - time > silentBeats * heartbeatMs) silent.push(node);
      for (const node of silent) lastHeard.delete(node);
      return silent;
    },
  };
}
