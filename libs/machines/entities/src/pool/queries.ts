import type { Query } from "@tutti/kernel";
import type { Pool, PoolView } from "./state.ts";

/** All that is kept of a pool, as it was when it was asked: what changes afterwards does not change it. */
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
  }),
};
