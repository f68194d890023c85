import { HoldCapturedV1, HoldExpiredV1, HoldPlacedV1, HoldReleasedV1 } from "@tutti/contracts/bank/v1";
import { assert, type Outstanding } from "@tutti/kernel";
import { spend } from "../account/events.ts";
import type { Account, AccountEvent } from "../state.ts";

export const holdPlaced: AccountEvent<HoldPlacedV1> = {
  type: "hold_placed",
  version: 1,
  codec: HoldPlacedV1,
  evolve(account, { hold, amountCents, dueMs }, outstanding) {
    spend(account, amountCents);
    account.holds.set(hold, { amountCents, dueMs });
    account.lastNumber = hold;
    outstanding.timer(hold, dueMs);
  },
};

export const holdCaptured: AccountEvent<HoldCapturedV1> = {
  type: "hold_captured",
  version: 1,
  codec: HoldCapturedV1,
  evolve(account, { hold }, outstanding) {
    account.paidOutCents += endHold(account, hold, outstanding);
  },
};

export const holdReleased: AccountEvent<HoldReleasedV1> = {
  type: "hold_released",
  version: 1,
  codec: HoldReleasedV1,
  evolve: returnAmount,
};

export const holdExpired: AccountEvent<HoldExpiredV1> = {
  type: "hold_expired",
  version: 1,
  codec: HoldExpiredV1,
  evolve: returnAmount,
};

function returnAmount(account: Account, { hold }: { hold: number }, outstanding: Outstanding): void {
  account.balanceCents += endHold(account, hold, outstanding);
}

/** Ends a hold and returns its amount. */
function endHold(account: Account, number: number, outstanding: Outstanding): number {
  const hold = account.holds.get(number);
  assert(hold !== undefined, "a hold that ends was placed", { number });
  account.holds.delete(number);
  outstanding.cleared(number);
  return hold.amountCents;
}
