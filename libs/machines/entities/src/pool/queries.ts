import type { Query } from "@tutti/kernel";
import type { Pool, PoolView } from "./state.ts";

/** Returns a copy of all stored data of a pool: later changes do not affect it. */
export const contents: Query<Pool, void, PoolView> = {
  type: "contents",
  answer: (pool) => ({
    ...pool,
    limits: new Map(pool.limits),
    hooks: new Map(pool.hooks),
    scalers: new Map(pool.scalers),
    inboxes: new Map(pool.inboxes),
    holds: new Map(pool.holds),
    pasts: new Map(pool.pasts),
    reservedStarts: new Map(pool.reservedStarts),
  }),
};
