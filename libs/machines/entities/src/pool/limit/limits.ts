/** Limits by key, as configured: the pool counts the tasks against them. */
import {
  DeletePoolLimit,
  PoolLimit,
  PoolLimitDeletedV1,
  PoolLimitSetV1,
  SetPoolLimit,
} from "@tutti/contracts/swarm/v1";
import { removeCommand, removedEvent, storeCommand, storedEvent } from "../../kit/collection.ts";
import { inPool, type PoolKind } from "../collections.ts";
import { limitsMax } from "../limits.ts";

const limits: PoolKind<PoolLimit> = {
  ...inPool,
  name: "limit",
  max: limitsMax,
  codec: PoolLimit,
  of: (pool) => pool.limits,
  idOf: ({ key }) => key,
  bare: ({ key, maxConcurrent, rate, description }) => ({
    ...PoolLimit.create(),
    key,
    maxConcurrent,
    rate,
    description,
  }),
  problem: amountProblem,
};

export const limitSet = storedEvent(limits, {
  type: "limit_set",
  codec: PoolLimitSetV1,
  valueOf: ({ limit }) => limit,
  atMs: ({ setMs }) => setMs,
});

export const limitDeleted = removedEvent(limits, {
  type: "limit_deleted",
  codec: PoolLimitDeletedV1,
  idOf: ({ key }) => key,
});

export const setPoolLimit = storeCommand(limits, {
  type: "set_limit",
  codec: SetPoolLimit,
  event: limitSet,
  requestOf: ({ limit: value = PoolLimit.create() }) => ({ value, revision: 0 }),
  toEvent: (limit, setMs, cause) => ({ limit, setMs, cause }),
});

export const deletePoolLimit = removeCommand(limits, {
  type: "delete_limit",
  codec: DeletePoolLimit,
  event: limitDeleted,
  idOf: ({ key }) => key,
  toEvent: ({ key }, deleteMs) => ({ key, deleteMs }),
});

function amountProblem({ key, maxConcurrent, rate }: PoolLimit): string | undefined {
  if (rate === undefined)
    return maxConcurrent > 0 ? undefined : `limit ${key}: expected a concurrency or a rate, got neither`;
  const { count, perMs, burst } = rate;
  if (count > 0 && perMs > 0 && burst >= 0 && Number.isFinite(perMs / count)) return undefined;
  return `limit ${key}: expected a rate above 0, got ${count} per ${perMs} ms with a burst of ${burst}`;
}
