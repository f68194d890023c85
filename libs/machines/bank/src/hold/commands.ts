import { CaptureHold, Done, Numbered, PlaceHold, ReleaseHold } from "@tutti/contracts/bank/v1";
import type { Refusal } from "@tutti/kernel";
import { bankErrors } from "../errors.ts";
import { holdPeriodMaxMs, holdsMax } from "../limits.ts";
import { notSpendable, notThere, notUsable } from "../refusals.ts";
import { type AccountCommand, type AccountView, nextNumber } from "../state.ts";
import { holdCaptured, holdPlaced, holdReleased } from "./events.ts";

export const placeHold: AccountCommand<PlaceHold, Numbered> = {
  type: "place_hold",
  codec: PlaceHold,
  reply: Numbered,
  decide(account, { amountCents, periodMs }, step) {
    const { id } = step.key;
    const refusal = notSpendable(account, id, amountCents);
    if (refusal !== undefined) return refusal;
    if (!(periodMs >= 1 && periodMs <= holdPeriodMaxMs))
      return bankErrors.periodInvalid.refusal({ periodMs, maxMs: holdPeriodMaxMs });
    if (account.holds.size >= holdsMax)
      return bankErrors.tooMany.refusal({ id, what: "holds", max: holdsMax });
    const number = nextNumber(account);
    step.emit(holdPlaced, { hold: number, amountCents, dueMs: step.nowMs + periodMs });
    return { number };
  },
};

export const captureHold: AccountCommand<CaptureHold, Done> = {
  type: "capture_hold",
  codec: CaptureHold,
  reply: Done,
  decide(account, { hold }, step) {
    const refusal = notUsable(account, step.key.id) ?? holdMissing(account, step.key.id, hold);
    if (refusal !== undefined) return refusal;
    step.emit(holdCaptured, { hold });
    return {};
  },
};

/** Moves money within the account only, so the account may be frozen. */
export const releaseHold: AccountCommand<ReleaseHold, Done> = {
  type: "release_hold",
  codec: ReleaseHold,
  reply: Done,
  decide(account, { hold }, step) {
    const refusal = notThere(account, step.key.id) ?? holdMissing(account, step.key.id, hold);
    if (refusal !== undefined) return refusal;
    step.emit(holdReleased, { hold });
    return {};
  },
};

function holdMissing(account: AccountView, id: string, hold: number): Refusal | undefined {
  if (account.holds.has(hold)) return undefined;
  return bankErrors.numberUnknown.refusal({ id, what: "hold", number: hold });
}
