import { Balance, Close, Deposit, Done, Freeze, Open, Unfreeze, Withdraw } from "@tutti/contracts/bank/v1";
import { bankErrors } from "../errors.ts";
import { notAnAmount, notSpendable, notThere, notUsable } from "../refusals.ts";
import type { AccountCommand } from "../state.ts";
import {
  accountClosed,
  accountFrozen,
  accountOpened,
  accountUnfrozen,
  moneyDeposited,
  moneyWithdrawn,
} from "./events.ts";

export const open: AccountCommand<Open, Done> = {
  type: "open",
  codec: Open,
  reply: Done,
  decide(account, { owner, product, balanceCents }, step) {
    if (account.standing !== "absent") return bankErrors.accountExists.refusal({ id: step.key.id });
    if (owner === "") return bankErrors.ownerMissing.refusal();
    const refusal = balanceCents === 0 ? undefined : notAnAmount(balanceCents);
    if (refusal !== undefined) return refusal;
    step.emit(accountOpened, { owner, product: product || "current", balanceCents });
    return {};
  },
};

export const deposit: AccountCommand<Deposit, Balance> = {
  type: "deposit",
  codec: Deposit,
  reply: Balance,
  decide(account, { amountCents }, step) {
    const refusal = notUsable(account, step.key.id) ?? notAnAmount(amountCents);
    if (refusal !== undefined) return refusal;
    step.emit(moneyDeposited, { amountCents });
    return { balanceCents: account.balanceCents };
  },
};

export const withdraw: AccountCommand<Withdraw, Balance> = {
  type: "withdraw",
  codec: Withdraw,
  reply: Balance,
  decide(account, { amountCents }, step) {
    const refusal = notSpendable(account, step.key.id, amountCents);
    if (refusal !== undefined) return refusal;
    step.emit(moneyWithdrawn, { amountCents });
    return { balanceCents: account.balanceCents };
  },
};

export const freeze: AccountCommand<Freeze, Done> = {
  type: "freeze",
  codec: Freeze,
  reply: Done,
  decide(account, { reason }, step) {
    const refusal = notUsable(account, step.key.id);
    if (refusal !== undefined) return refusal;
    step.emit(accountFrozen, { reason });
    return {};
  },
};

export const unfreeze: AccountCommand<Unfreeze, Done> = {
  type: "unfreeze",
  codec: Unfreeze,
  reply: Done,
  decide(account, _, step) {
    const refusal = notThere(account, step.key.id);
    if (refusal !== undefined) return refusal;
    if (account.standing !== "frozen") return bankErrors.accountNotFrozen.refusal({ id: step.key.id });
    step.emit(accountUnfrozen, {});
    return {};
  },
};

export const close: AccountCommand<Close, Done> = {
  type: "close",
  codec: Close,
  reply: Done,
  decide(account, _, step) {
    const { id } = step.key;
    const refusal = notUsable(account, id);
    if (refusal !== undefined) return refusal;
    const { balanceCents, holds, transfers } = account;
    // A declined transfer returns: the account must exist then.
    if (balanceCents > 0 || holds.size > 0 || transfers.size > 0)
      return bankErrors.accountInUse.refusal({
        id,
        balanceCents,
        holds: holds.size,
        transfers: transfers.size,
      });
    step.emit(accountClosed, {});
    return {};
  },
};
