/**
 * Late binding near the end of a job: which tasks to take back from nodes where they wait, for slots that are idle.
 * Pure functions.
 *
 * @module
 */
import { type Capacities, type Capacity, freeSlots } from "./capacity.ts";
import type { Attempt, LeaseTable } from "./lease_table.ts";

/**
 * Chooses at most as many attempts as there are idle slots, from the nodes where most of them wait, the newest first:
 * these are the least likely to have begun. A node hands back only what has not.
 *
 * @returns For each node its attempts to recall; none that was recalled before.
 */
export function recallsFor(capacities: Capacities, leases: LeaseTable): Map<Capacity, Attempt[]> {
  const chosen = new Map<Capacity, Attempt[]>();
  if (capacities.crowded.size === 0) return chosen;
  let idle = 0;
  for (const capacity of capacities.open) idle += freeSlots(capacity);
  if (idle === 0) return chosen;
  const donors: { readonly capacity: Capacity; readonly waiting: Attempt[] }[] = [];
  for (const capacity of capacities.crowded) {
    if (capacity.isDraining) continue;
    const behindSlots = leases.heldBy(capacity.node).slice(capacity.slots);
    idle -= behindSlots.filter((attempt) => attempt.isRecalled).length;
    donors.push({ capacity, waiting: behindSlots.filter((attempt) => !attempt.isRecalled) });
  }
  while (idle > 0 && donors.length > 0) {
    const donor = donors.reduce((best, one) => one.waiting.length > best.waiting.length ? one : best);
    const attempt = donor.waiting.pop();
    if (!attempt) break;
    idle--;
    const list = chosen.get(donor.capacity);
    if (list) list.push(attempt);
    else chosen.set(donor.capacity, [attempt]);
  }
  return chosen;
}
