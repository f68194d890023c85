/** Limits by key, and their use. */

import { namespaceOf } from "@tutti/contracts/rpc";
import {
  type DeletePoolLimitRequest,
  type ListPoolLimitsRequest,
  PoolLimit as limitMessage,
  type PoolLimit,
  type SetPoolLimitRequest,
} from "@tutti/contracts/swarm/v1";
import { type CallContext, pageOf, toTimestamp } from "@tutti/kernel";
import { deletePoolLimit, setPoolLimit } from "@tutti/machine-entities/pool";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { Tenant } from "../../pools/tenant.ts";
import type { PoolDependencies } from "../dependencies.ts";
import { named } from "./changing.ts";

export async function setLimit(
  dependencies: PoolDependencies,
  request: SetPoolLimitRequest,
  context: CallContext,
) {
  const { limit = limitMessage.create(), reason } = request;
  const { namespace, name } = await named(dependencies, request, context);
  const command = { command: setPoolLimit, body: { limit }, reason };
  await dependencies.poolStore.change(namespace, name, command, context);
  const tenant = await dependencies.pools.tenant(namespace, name, context);
  return { limit: limitsOf(tenant, dependencies.now()).find(({ key }) => key === limit.key) ?? limit };
}

export async function deleteLimit(
  dependencies: PoolDependencies,
  request: DeletePoolLimitRequest,
  context: CallContext,
) {
  const { key, reason } = request;
  const { namespace, name } = await named(dependencies, request, context);
  const command = { command: deletePoolLimit, body: { key }, reason };
  const { removed } = await dependencies.poolStore.change(namespace, name, command, context);
  return { removed };
}

export async function listLimits(
  dependencies: PoolDependencies,
  request: ListPoolLimitsRequest,
  context: CallContext,
) {
  const { prefix, withThoseOfTasks, page } = request;
  const namespace = namespaceOf(request);
  const tenant = await dependencies.pools.tenant(namespace, request.pool || defaultPool, context);
  const limits = limitsOf(tenant, dependencies.now()).filter(
    ({ key, updateTime }) => key.startsWith(prefix) && (withThoseOfTasks || updateTime !== undefined),
  );
  const list = ["limits", namespace, tenant.pool.name, prefix, withThoseOfTasks];
  const { items, nextToken } = pageOf(limits, { list, keyOf: ({ key }) => key }, page);
  return { limits: items, page: { nextToken, total: limits.length } };
}

/** Returns limits by key. A set limit names its author. A limit by a rule for several keys is marked. */
function limitsOf({ pool, contents }: Tenant, nowMs: number): PoolLimit[] {
  return pool.limits(nowMs).map((limit) => {
    const stored = contents.limits.get(limit.key);
    if (stored === undefined) return limit;
    const { updateMs, cause } = stored;
    // Only read.
    return { ...limit, updateTime: toTimestamp(updateMs), updateCause: cause as PoolLimit["updateCause"] };
  });
}
