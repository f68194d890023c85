import type { Query } from "@tutti/kernel";
import { notThere } from "../refusals.ts";
import { type Account, amountOf } from "../state.ts";

/** How much is where. */
export interface Balances {
  /** Can be spent. */
  readonly balanceCents: number;
  /** Set aside. */
  readonly heldCents: number;
  /** Sent to other accounts that have not answered yet. */
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
