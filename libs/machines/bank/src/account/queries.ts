import type { Query } from "@tutti/kernel";
import { notThere } from "../refusals.ts";
import { type Account, amountOf } from "../state.ts";

/** Amounts by purpose. */
export interface Balances {
  /** Available money. */
  readonly balanceCents: number;
  /** Reserved money. */
  readonly heldCents: number;
  /** Money sent to other accounts that have not replied yet. */
  readonly underWayCents: number;
}

export const balance: Query<Account, void, Balances> = {
  type: "balance",
  answer(account, _, { key }) {
    return (
      notThere(account, key.id) ?? {
        balanceCents: account.balanceCents,
        heldCents: amountOf(account.holds),
        underWayCents: amountOf(account.transfers),
      }
    );
  },
};
