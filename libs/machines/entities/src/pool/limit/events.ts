import { PoolLimitDeletedV1, PoolLimitSetV1 } from "@tutti/contracts/swarm/v1";
import { changed, type PoolEvent } from "../state.ts";

export const limitSet: PoolEvent<PoolLimitSetV1> = {
  type: "limit_set",
  version: 1,
  codec: PoolLimitSetV1,
  described: true,
  evolve(pool, { limit, setMs, cause }) {
    if (limit === undefined) return;
    const { limits } = pool;
    limits.set(limit.key, { value: limit, ...changed(pool, setMs, cause, limits.get(limit.key)) });
  },
};

export const limitDeleted: PoolEvent<PoolLimitDeletedV1> = {
  type: "limit_deleted",
  version: 1,
  codec: PoolLimitDeletedV1,
  described: true,
  evolve(pool, { key }) {
    pool.changes += 1;
    pool.limits.delete(key);
  },
};
