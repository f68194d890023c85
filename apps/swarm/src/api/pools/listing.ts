/**
 * Pools of all owners. Each process knows those that it owns. A process that lists all of them asks the other
 * owners, and fails if one does not answer: a partial list would look complete.
 */
import { namespaceOf } from "@tutti/contracts/rpc";
import type { ListPoolsRequest, Pool as PoolMessage } from "@tutti/contracts/swarm/v1";
import { allEntries, ofAllPages } from "@tutti/host/serving";
import { type CallContext, notOwnerOf, pageOf } from "@tutti/kernel";
import { labelsMatch } from "@tutti/matching";
import { runtimeErrors } from "@tutti/runtime/errors";
import { swarmErrors } from "../../errors.ts";
import type { PoolDependencies } from "../dependencies.ts";
import { viewOf } from "./view.ts";

export async function listPools(
  dependencies: PoolDependencies,
  request: ListPoolsRequest,
  context: CallContext,
) {
  const { labels, page, ownedBeside } = request;
  const namespace = namespaceOf(request);
  if (ownedBeside !== "") await dependencies.pools.admittedPartition(namespace, ownedBeside, context);
  const all =
    ownedBeside === ""
      ? await poolsOf(dependencies, namespace, context)
      : await ownPools(dependencies, namespace, context);
  const matching = all.filter((pool) => labelsMatch(pool.labels, labels));
  const conditions = labels && [Object.entries(labels.equals).sort(), labels.exists, labels.absent];
  const { items, nextToken } = pageOf(
    matching,
    { list: ["pools", namespace, conditions, ownedBeside], keyOf: ({ pool }) => pool },
    page,
  );
  return { pools: items, page: { nextToken, total: matching.length } };
}

/** Returns all pools of a namespace, ordered by name. */
export async function poolsOf(
  dependencies: PoolDependencies,
  namespace: string,
  context: Pick<CallContext, "signal">,
): Promise<PoolMessage[]> {
  const others = dependencies.pools.otherOwners(namespace);
  const lists = await Promise.all([
    ownPools(dependencies, namespace, context),
    ...others.map((name) => poolsOfOwner(dependencies, namespace, name, context)),
  ]);
  return lists.flat().sort((one, other) => (one.pool < other.pool ? -1 : 1));
}

/** Returns the pools that are owned here. */
async function ownPools(
  { pools, poolStore, now }: PoolDependencies,
  namespace: string,
  context: Pick<CallContext, "signal">,
): Promise<PoolMessage[]> {
  const entries = await allEntries(poolStore.machines, {
    namespace,
    kinds: ["pool"],
    labels: [{ kind: "equals", name: "made", values: ["yes"] }],
  });
  const names = new Set([
    ...pools.configuredNames,
    ...entries.map(({ key }) => key.id),
    ...pools.of(namespace).map(({ name }) => name),
  ]);
  const found: PoolMessage[] = [];
  for (const name of [...names].sort()) {
    if (!pools.holds(namespace, name)) continue;
    try {
      found.push(viewOf(await pools.tenant(namespace, name, context), now));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return found;
}

/** Returns whether the pool was just deleted, or has moved to another owner. */
function isMissing(error: unknown): boolean {
  return (
    swarmErrors.poolUnknown.is(error) || notOwnerOf(error) !== undefined || runtimeErrors.leaving.is(error)
  );
}

/** Returns the pools of the owner of another pool. */
function poolsOfOwner(
  { remote }: PoolDependencies,
  namespace: string,
  ownedBeside: string,
  { signal }: Pick<CallContext, "signal">,
): Promise<PoolMessage[]> {
  return ofAllPages(
    (page) => remote.listPools({ namespace, labels: undefined, page, ownedBeside }, { signal }),
    ({ pools }) => pools,
  );
}
