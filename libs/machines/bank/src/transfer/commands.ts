/**
 * Transfers between accounts, which may be in different partitions or processes.
 *
 * 1. The sender takes the money out of its balance and sends it with the message `credit`. From then on the money is in
 *    the message.
 * 2. The receiver accepts it and replies `complete_transfer`, or replies `decline_transfer` with the money in it. It
 *    always replies, even if the account does not exist: a refused message would lose its money.
 * 3. Messages arrive once and are never lost, so neither side needs to remember earlier messages.
 */
import {
  CompleteTransfer,
  Credit,
  DeclineTransfer,
  Done,
  Numbered,
  Transfer,
} from "@tutti/contracts/bank/v1";
import type { InstanceAddress, Refusal } from "@tutti/kernel";
import { bankErrors } from "../errors.ts";
import { transfersMax } from "../limits.ts";
import { notSpendable, notUsable } from "../refusals.ts";
import { type AccountCommand, type AccountStep, type AccountView, nextNumber } from "../state.ts";
import { transferCompleted, transferCredited, transferDeclined, transferStarted } from "./events.ts";

/** Kind of the machine, and name of the service that hosts it: messages are addressed to both. */
export const accountKind = "account";
export const bankService = "bank";

export const transfer: AccountCommand<Transfer, Numbered> = {
  type: "transfer",
  codec: Transfer,
  reply: Numbered,
  decide(account, { to, amountCents }, step) {
    const { id } = step.key;
    const refusal = notSpendable(account, id, amountCents);
    if (refusal !== undefined) return refusal;
    if (to === "" || to === id) return bankErrors.receiverInvalid.refusal({ to });
    if (account.transfers.size >= transfersMax)
      return bankErrors.tooMany.refusal({ id, what: "transfers", max: transfersMax });
    const number = nextNumber(account);
    step.emit(transferStarted, { transfer: number, to, amountCents });
    step.send(accountOf(to, step), credit, { from: id, transfer: number, amountCents });
    return { number };
  },
};

/** A message. */
export const credit: AccountCommand<Credit, Done> = {
  type: "credit",
  codec: Credit,
  reply: Done,
  decide(account, { from, transfer: number, amountCents }, step) {
    const sender = accountOf(from, step);
    const problem = notUsable(account, step.key.id);
    if (problem === undefined) {
      step.emit(transferCredited, { from, transfer: number, amountCents });
      step.send(sender, completeTransfer, { transfer: number });
    } else {
      step.send(sender, declineTransfer, { transfer: number, amountCents, code: problem.code });
    }
    return {};
  },
};

/** A reply message. */
export const completeTransfer: AccountCommand<CompleteTransfer, Done> = {
  type: "complete_transfer",
  codec: CompleteTransfer,
  reply: Done,
  decide(account, { transfer: number }, step) {
    const refusal = transferMissing(account, step.key.id, number);
    if (refusal !== undefined) return refusal;
    step.emit(transferCompleted, { transfer: number });
    return {};
  },
};

/** A reply message. The refund reaches a frozen account too: it is its own money. */
export const declineTransfer: AccountCommand<DeclineTransfer, Done> = {
  type: "decline_transfer",
  codec: DeclineTransfer,
  reply: Done,
  decide(account, { transfer: number, code }, step) {
    const refusal = transferMissing(account, step.key.id, number);
    if (refusal !== undefined) return refusal;
    step.emit(transferDeclined, { transfer: number, code });
    return {};
  },
};

function transferMissing(account: AccountView, id: string, number: number): Refusal | undefined {
  if (account.transfers.has(number)) return undefined;
  return bankErrors.numberUnknown.refusal({ id, what: "transfer", number });
}

function accountOf(id: string, step: AccountStep): InstanceAddress {
  return { service: bankService, namespace: step.key.namespace, kind: accountKind, id };
}
