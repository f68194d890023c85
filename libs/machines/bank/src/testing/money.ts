/** The sum of a bank: at every moment, its accounts and messages hold the incoming money minus the outgoing money. */
import { Credit, DeclineTransfer } from "@tutti/contracts/bank/v1";
import { credit, declineTransfer } from "../index.ts";
import { type AccountView, amountOf } from "../state.ts";

/** A sent message that has no effect yet. */
export interface PendingMessage {
  readonly type: string;
  readonly payload: Uint8Array;
}

export interface BankMoney {
  /** Money from outside minus money that left, according to the accounts. */
  readonly expectedCents: number;
  /** Money in accounts, available or reserved. */
  readonly inAccountsCents: number;
  /** Money in messages. */
  readonly inMessagesCents: number;
}

/**
 * Adds up all accounts of a namespace, including ended ones, and the messages between them without effect yet, each
 * once. Money was lost or created if `expectedCents` is not the sum of the two others.
 */
export function moneyOf(accounts: Iterable<AccountView>, messages: Iterable<PendingMessage>): BankMoney {
  let expectedCents = 0;
  let inAccountsCents = 0;
  for (const account of accounts) {
    expectedCents += account.paidInCents - account.paidOutCents;
    inAccountsCents += account.balanceCents + amountOf(account.holds);
  }
  let inMessagesCents = 0;
  for (const message of messages) inMessagesCents += moneyIn(message);
  return { expectedCents, inAccountsCents, inMessagesCents };
}

/** Returns the money in a message, in cents. */
export function moneyIn({ type, payload }: PendingMessage): number {
  if (type === credit.type) return Credit.decode(payload).amountCents;
  if (type === declineTransfer.type) return DeclineTransfer.decode(payload).amountCents;
  return 0;
}

/** Returns whether no money was lost or created. */
export function isConserved({ expectedCents, inAccountsCents, inMessagesCents }: BankMoney): boolean {
  return expectedCents === inAccountsCents + inMessagesCents;
}
