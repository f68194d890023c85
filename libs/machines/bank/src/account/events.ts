import {
  AccountClosedV1,
  AccountFrozenV1,
  AccountOpenedV1,
  AccountOpenedV2,
  AccountUnfrozenV1,
  MoneyDepositedV1,
  MoneyWithdrawnV1,
} from "@tutti/contracts/bank/v1";
import { assert } from "@tutti/kernel";
import type { Account, AccountEvent } from "../state.ts";

export const accountOpened: AccountEvent<AccountOpenedV2> = {
  type: "account_opened",
  version: 2,
  codec: AccountOpenedV2,
  described: true,
  evolve: foldOpened,
};

/** Event of the first release. It is converted to the present version and folded as that. */
export const accountOpenedV1: AccountEvent<AccountOpenedV1> = {
  type: "account_opened",
  version: 1,
  codec: AccountOpenedV1,
  described: true,
  evolve(account, { owner, balance }) {
    foldOpened(account, { owner, product: "current", balanceCents: balance * 100 });
  },
};

export const moneyDeposited: AccountEvent<MoneyDepositedV1> = {
  type: "money_deposited",
  version: 1,
  codec: MoneyDepositedV1,
  evolve: (account, { amountCents }) => payIn(account, amountCents),
};

export const moneyWithdrawn: AccountEvent<MoneyWithdrawnV1> = {
  type: "money_withdrawn",
  version: 1,
  codec: MoneyWithdrawnV1,
  evolve(account, { amountCents }) {
    spend(account, amountCents);
    account.paidOutCents += amountCents;
  },
};

export const accountFrozen: AccountEvent<AccountFrozenV1> = {
  type: "account_frozen",
  version: 1,
  codec: AccountFrozenV1,
  described: true,
  evolve(account, { reason }) {
    account.standing = "frozen";
    account.freezeReason = reason;
  },
};

export const accountUnfrozen: AccountEvent<AccountUnfrozenV1> = {
  type: "account_unfrozen",
  version: 1,
  codec: AccountUnfrozenV1,
  described: true,
  evolve(account) {
    account.standing = "open";
    account.freezeReason = "";
  },
};

export const accountClosed: AccountEvent<AccountClosedV1> = {
  type: "account_closed",
  version: 1,
  codec: AccountClosedV1,
  described: true,
  evolve(account, _, outstanding) {
    account.standing = "closed";
    // No reader would see a statement that is printed after the end.
    for (const number of account.statements.keys()) {
      outstanding.settled(number);
      outstanding.cleared(number);
    }
    account.statements.clear();
  },
};

/** Takes money from the balance. The caller decides where it goes. */
export function spend(account: Account, amountCents: number): void {
  assert(account.balanceCents >= amountCents, "the balance covers the amount");
  account.balanceCents -= amountCents;
}

function foldOpened(account: Account, { owner, product, balanceCents }: AccountOpenedV2): void {
  account.standing = "open";
  account.owner = owner;
  account.product = product;
  payIn(account, balanceCents);
}

function payIn(account: Account, amountCents: number): void {
  account.balanceCents += amountCents;
  account.paidInCents += amountCents;
}
