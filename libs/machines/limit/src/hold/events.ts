import {
  HolderEvictedV1,
  LeaseExpiredV1,
  LeasesRenewedV1,
  LimitHolder,
  LimitReleasedV1,
  LimitTakenV1,
} from "@tutti/contracts/workflow/v1";
import { assert, type Outstanding } from "@tutti/kernel";
import { rateAfter } from "../pace.ts";
import { type Hold, type Limit, type LimitEvent, nameOf } from "../state.ts";
import { arm } from "../timer.ts";

export const limitTaken: LimitEvent<LimitTakenV1> = {
  type: "limit_taken",
  version: 1,
  codec: LimitTakenV1,
  described: true,
  evolve(limit, { holder = LimitHolder.create(), leaseDueMs: dueMs, ...given }, outstanding) {
    limit.lastTicket = given.ticket;
    limit.byHolder.set(nameOf(holder), given.ticket);
    addHold(limit, { ...given, holder, dueMs });
    arm(limit, outstanding);
  },
};

export const limitReleased: LimitEvent<LimitReleasedV1> = {
  type: "limit_released",
  version: 1,
  codec: LimitReleasedV1,
  described: true,
  evolve: removeHold,
};

export const leaseExpired: LimitEvent<LeaseExpiredV1> = {
  type: "lease_expired",
  version: 1,
  codec: LeaseExpiredV1,
  described: true,
  evolve: removeHold,
};

export const holderEvicted: LimitEvent<HolderEvictedV1> = {
  type: "holder_evicted",
  version: 1,
  codec: HolderEvictedV1,
  described: true,
  evolve: removeHold,
};

export const leasesRenewed: LimitEvent<LeasesRenewedV1> = {
  type: "leases_renewed",
  version: 1,
  codec: LeasesRenewedV1,
  evolve(limit, { tickets, dueMs }, outstanding) {
    for (const ticket of tickets) {
      const before = holdOf(limit, ticket);
      limit.leases.remove(ticket, before.dueMs);
      limit.leases.add(ticket, dueMs);
      limit.holds.set(ticket, { ...before, dueMs });
    }
    arm(limit, outstanding);
  },
};

/** Adds a hold. */
export function addHold(limit: Limit, held: Hold): void {
  limit.rateMs = rateAfter(limit, held.weight, held.grantMs);
  limit.holds.set(held.ticket, held);
  limit.leases.add(held.ticket, held.dueMs);
  limit.heldWeight += held.weight;
  limit.grantedCount += 1;
}

function removeHold(limit: Limit, { ticket }: { readonly ticket: number }, outstanding: Outstanding): void {
  const { holder, weight, dueMs } = holdOf(limit, ticket);
  limit.holds.delete(ticket);
  limit.leases.remove(ticket, dueMs);
  limit.byHolder.delete(nameOf(holder));
  limit.heldWeight -= weight;
  arm(limit, outstanding);
}

function holdOf(limit: Limit, ticket: number): Hold {
  const found = limit.holds.get(ticket);
  assert(found !== undefined, "a hold that changes is held", { ticket });
  return found;
}
