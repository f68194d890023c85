import type { Query } from "@tutti/kernel";
import type { Pool, PoolView } from "./state.ts";

/** All that is kept of a pool. Only read: it changes with the pool, and is the pool's. */
export const contents: Query<Pool, void, PoolView> = {
  type: "contents",
  answer: (pool) => pool,
};
