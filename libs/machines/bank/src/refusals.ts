/** Reasons to say no that several nouns share. Each gives the refusal, or undefined when there is none. */
import type { Refusal } from "@tutti/kernel";
import { bankErrors } from "./errors.ts";
import { amountMaxCents } from "./limits.ts";
import type { AccountView } from "./state.ts";

/** The account is not there, or has ended. */
export function notThere(account: AccountView, id: string): Refusal | undefined {
  if (account.standing === "absent") return bankErrors.accountMissing.refusal({ id });
  if (account.standing === "closed") return bankErrors.accountClosed.refusal({ id });
  return undefined;
}

/** Nothing may leave or reach the account. */
export function notUsable(account: AccountView, id: string): Refusal | undefined {
  if (account.standing === "frozen")
    return bankErrors.accountFrozen.refusal({ id, reason: account.freezeReason });
  return notThere(account, id);
}

export function notAnAmount(amountCents: number): Refusal | undefined {
  if (Number.isInteger(amountCents) && amountCents >= 1 && amountCents <= amountMaxCents) return undefined;
  return bankErrors.amountInvalid.refusal({ amountCents, maxCents: amountMaxCents });
}

/** The amount may not leave the account: why. */
export function notSpendable(account: AccountView, id: string, amountCents: number): Refusal | undefined {
  const refusal = notUsable(account, id) ?? notAnAmount(amountCents);
  if (refusal !== undefined || account.balanceCents >= amountCents) return refusal;
  return bankErrors.fundsMissing.refusal({ id, amountCents, balanceCents: account.balanceCents });
}
