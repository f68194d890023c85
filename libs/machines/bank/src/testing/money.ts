/** The sum of a bank: what its accounts and its messages hold is what came in less what went out, at every moment. */
import { Credit, DeclineTransfer } from "@tutti/contracts/bank/v1";
import { credit, declineTransfer } from "../index.ts";
import { type AccountView, amountOf } from "../state.ts";

/** A message that was sent and has taken no effect yet. */
export interface MessageUnderWay {
  readonly type: string;
  readonly payload: Uint8Array;
}

export interface BankMoney {
  /** What came from outside less what left, by what the accounts know. */
  readonly expectedCents: number;
  /** In accounts, free or set aside. */
  readonly inAccountsCents: number;
  /** In messages: neither here nor there. */
  readonly inMessagesCents: number;
}

/**
 * Adds up all accounts of a namespace, ended ones too, and the messages between them that have taken no effect yet, each
 * once. Money is lost or made when `expectedCents` is not the sum of the two others.
 */
export function moneyOf(accounts: Iterable<AccountView>, letters: Iterable<MessageUnderWay>): BankMoney {
  let expectedCents = 0;
  let inAccountsCents = 0;
  for (const account of accounts) {
    expectedCents += account.paidInCents - account.paidOutCents;
    inAccountsCents += account.balanceCents + amountOf(account.holds);
  }
  let inMessagesCents = 0;
  for (const message of letters) inMessagesCents += moneyIn(message);
  return { expectedCents, inAccountsCents, inMessagesCents };
}

/** What a message carries, in cents. */
export function moneyIn({ type, payload }: MessageUnderWay): number {
  if (type === credit.type) return Credit.decode(payload).amountCents;
  if (type === declineTransfer.type) return DeclineTransfer.decode(payload).amountCents;
  return 0;
}

/** Returns whether no money was lost or made. */
export function isConserved({ expectedCents, inAccountsCents, inMessagesCents }: BankMoney): boolean {
  return expectedCents === inAccountsCents + inMessagesCents;
}
