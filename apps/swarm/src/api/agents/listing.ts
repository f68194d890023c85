/**
 * Agents of all owners of pools, page by page. If an owner does not answer, the list fails: part of it would
 * look complete.
 */
import { namespaceOf } from "@tutti/contracts/rpc";
import type { Agent, ListAgentsReply, ListAgentsRequest } from "@tutti/contracts/swarm/v1";
import { ofAllPages } from "@tutti/host/serving";
import { type CallContext, type PagedList, pageOf } from "@tutti/kernel";
import type { PoolDependencies } from "../dependencies.ts";
import { conditionsOf, filterOf } from "./filter.ts";
import { weightOfAgent } from "./weight.ts";

type Calling = Pick<CallContext, "signal" | "ownerEpoch">;

export async function listAgents(
  dependencies: PoolDependencies,
  request: ListAgentsRequest,
  context: Calling,
): Promise<ListAgentsReply> {
  const { ownedBeside, page } = request;
  const namespace = namespaceOf(request);
  if (ownedBeside !== "") {
    await dependencies.pools.admittedPartition(namespace, ownedBeside, context);
    return ownPage(dependencies, request);
  }
  const { signal } = context;
  const others = dependencies.pools
    .otherOwners(namespace)
    .map((pool) => dependencies.remoteAgents.listAgents({ ...request, ownedBeside: pool }, { signal }));
  return joined(listOf(request), await Promise.all([ownPage(dependencies, request), ...others]), page);
}

/** Returns all matching agents of other owners. */
export async function remoteAgentsOf(
  { pools, remoteAgents }: PoolDependencies,
  { namespace, filter }: Pick<ListAgentsRequest, "namespace" | "filter">,
  signal: AbortSignal,
): Promise<Agent[]> {
  const lists = pools.otherOwners(namespaceOf({ namespace })).map((ownedBeside) =>
    ofAllPages(
      (page) => remoteAgents.listAgents({ namespace, filter, page, ownedBeside }, { signal }),
      ({ agents }) => agents,
    ),
  );
  return (await Promise.all(lists)).flat();
}

export function keyOf({ pool, agentId }: Pick<Agent, "pool" | "agentId">): string {
  return `${pool}/${agentId}`;
}

function listOf(request: ListAgentsRequest): PagedList<Agent> {
  return {
    list: ["agents", namespaceOf(request), conditionsOf(request.filter)],
    keyOf,
    weightOf: weightOfAgent,
  };
}

function ownPage({ pools, now }: PoolDependencies, request: ListAgentsRequest): ListAgentsReply {
  const isMatch = filterOf(request.filter);
  const nowMs = now();
  const matching = pools.of(namespaceOf(request)).flatMap((pool) => pool.agents(nowMs).filter(isMatch));
  const { items, nextToken } = pageOf(matching.sort(byKey), listOf(request), request.page);
  return { agents: items, page: { nextToken, total: matching.length }, gathering: pools.isGathering };
}

/** Joins the agents of several owners to one page. If an owner has more, the page ends at its last agent. */
function joined(
  list: PagedList<Agent>,
  pages: readonly ListAgentsReply[],
  requested: ListAgentsRequest["page"],
): ListAgentsReply {
  const total = pages.reduce((sum, { page }) => sum + (page?.total ?? 0), 0);
  const ends = pages
    .flatMap(({ agents, page }) => (page?.nextToken ? [{ last: agents.at(-1), token: page.nextToken }] : []))
    .map(({ last, token }) => ({ key: last === undefined ? "" : keyOf(last), token }))
    .sort((one, other) => order(one.key, other.key));
  const [first] = ends;
  const all = pages.flatMap(({ agents }) => agents).sort(byKey);
  const known = first === undefined ? all : all.filter((agent) => order(keyOf(agent), first.key) <= 0);
  const { items, nextToken } = pageOf(known, list, { size: requested?.size ?? 0, token: "" });
  const gathering = pages.some((each) => each.gathering);
  return { agents: items, page: { nextToken: nextToken || (first?.token ?? ""), total }, gathering };
}

function byKey(one: Agent, other: Agent): number {
  return order(keyOf(one), keyOf(other));
}

function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
