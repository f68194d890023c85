/** Refusals that several nouns share. Each function returns the refusal, or undefined. */
import type { Refusal } from "@tutti/kernel";
import { bankErrors } from "./errors.ts";
import { amountMaxCents } from "./limits.ts";
import type { AccountView } from "./state.ts";

/** Refuses if the account does not exist or has ended. */
export function notThere(account: AccountView, id: string): Refusal | undefined {
  if (account.standing === "absent") return bankErrors.accountMissing.refusal({ id });
  if (account.standing === "closed") return bankErrors.accountClosed.refusal({ id });
  return undefined;
}

/** Refuses if no money may enter or leave the account. */
export function notUsable(account: AccountView, id: string): Refusal | undefined {
  if (account.standing === "frozen")
    return bankErrors.accountFrozen.refusal({ id, reason: account.freezeReason });
  return notThere(account, id);
}

export function notAnAmount(amountCents: number): Refusal | undefined {
  if (Number.isInteger(amountCents) && amountCents >= 1 && amountCents <= amountMaxCents) return undefined;
  return bankErrors.amountInvalid.refusal({ amountCents, maxCents: amountMaxCents });
}

/** Refuses if the amount may not leave the account. */
export function notSpendable(account: AccountView, id: string, amountCents: number): Refusal | undefined {
  const refusal = notUsable(account, id) ?? notAnAmount(amountCents);
  if (refusal !== undefined || account.balanceCents >= amountCents) return refusal;
  return bankErrors.fundsMissing.refusal({ id, amountCents, balanceCents: account.balanceCents });
}
