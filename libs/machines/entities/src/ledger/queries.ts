import type { Quota, Reservation } from "@tutti/contracts/session/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import type { Stored } from "../index.ts";
import type { Ledger, PoolHolding } from "./state.ts";

export interface LedgerContents {
  readonly quotas: readonly ReadOnly<Stored<Quota>>[];
  readonly reservations: readonly ReadOnly<Stored<Reservation>>[];
  readonly pools: ReadonlyMap<string, ReadOnly<PoolHolding>>;
}

/** Returns a copy of all stored data: later changes do not affect it. */
export const contents: Query<Ledger, void, LedgerContents> = {
  type: "contents",
  answer: ({ quotas, reservations, pools }) => ({
    quotas: [...quotas.values()],
    reservations: [...reservations.values()],
    pools: new Map(pools as ReadonlyMap<string, ReadOnly<PoolHolding>>),
  }),
};
