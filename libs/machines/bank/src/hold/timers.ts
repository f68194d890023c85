import type { AccountStep } from "../state.ts";
import { holdExpired } from "./events.ts";

/** The time of a hold is over: the money goes back, frozen or not. */
export function expireHold(hold: number, step: AccountStep): void {
  step.emit(holdExpired, { hold });
}
