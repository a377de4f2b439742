/**
 * Late binding near the end of a job: which tasks to take back from nodes where they wait, for slots that are idle.
 * Pure functions.
 *
 * @module
 */
import type { Capacities, Capacity } from "./capacity.ts";
import type { Lease, LeaseTable } from "./lease_table.ts";

/**
 * Chooses at most as many tasks as there are idle slots, from the nodes where most tasks wait, the newest first: these
 * are the least likely to have begun. A node hands back only what has not.
 *
 * @returns For each node its leases to recall; none that was recalled before.
 */
export function recallsFor(capacities: Capacities, leases: LeaseTable): Map<Capacity, Lease[]> {
  let idle = 0;
  const donors: { readonly capacity: Capacity; readonly waiting: Lease[] }[] = [];
  for (const capacity of capacities.all()) {
    const free = capacity.slots - capacity.outstanding - capacity.requested;
    if (capacity.isDraining) continue;
    if (free > 0) idle += free;
    else if (capacity.outstanding > capacity.slots) {
      const behindSlots = leases.heldBy(capacity.node).slice(capacity.slots);
      idle -= behindSlots.filter((lease) => lease.recalled).length;
      donors.push({ capacity, waiting: behindSlots.filter((lease) => !lease.recalled) });
    }
  }
  const chosen = new Map<Capacity, Lease[]>();
  while (idle > 0) {
    const donor = donors.reduce((best, one) => one.waiting.length > best.waiting.length ? one : best, donors[0]);
    const lease = donor?.waiting.pop();
    if (!lease) break;
    idle--;
    const list = chosen.get(donor.capacity);
    if (list) list.push(lease);
    else chosen.set(donor.capacity, [lease]);
  }
  return chosen;
}
