import type { AccountStep } from "../state.ts";
import { holdExpired } from "./events.ts";

/** Expires a hold: the money returns to the balance, frozen or not. */
export function expireHold(hold: number, step: AccountStep): void {
  step.emit(holdExpired, { hold });
}
