/**
 * Who has tried a wrong token how often: an address that fails again and again is not listened to for a while.
 *
 * @module
 */

/** How many wrong proofs in a row cost nothing: people mistype, and many nodes may be started with the same mistake. */
const freeFailures = 5;
/** The wait after the next one, in milliseconds; it doubles with each further one. */
const firstWaitMs = 1_000;
const waitMsMax = 60_000;
/** An address that has been quiet for this long has a clean slate, in milliseconds. */
const forgetMs = 600_000;
/** How many addresses are remembered; beyond that the one that failed longest ago is forgotten. */
const addressesMax = 1_024;

/** The wrong proofs of all addresses. */
export interface ProofAttempts {
  /** How long nothing from this address is looked at, in milliseconds; 0 if it is. */
  readonly waitMs: (address: string) => number;
  readonly failed: (address: string) => void;
  readonly proven: (address: string) => void;
}

/** @param now Milliseconds that never go back */
export function createProofAttempts(now: () => number): ProofAttempts {
  const failures = new Map<string, { readonly count: number; readonly untilMs: number }>();
  const recent = (address: string) => {
    const entry = failures.get(address);
    return entry && now() - entry.untilMs < forgetMs ? entry : undefined;
  };
  return {
    waitMs: (address) => Math.max(0, (recent(address)?.untilMs ?? 0) - now()),
    failed: (address) => {
      const count = (recent(address)?.count ?? 0) + 1;
      const waitMs = count <= freeFailures ? 0 : Math.min(waitMsMax, firstWaitMs * 2 ** (count - freeFailures - 1));
      failures.delete(address);
      failures.set(address, { count, untilMs: now() + waitMs });
      if (failures.size > addressesMax) failures.delete(failures.keys().next().value!);
    },
    proven: (address) => void failures.delete(address),
  };
}
