/** The allocation of resources: the use counted by pools, reservations, and shares. */
import type {
  Allocation,
  ExplainAllocationReply,
  ExplainAllocationRequest,
  ListAllocationsReply,
  ListAllocationsRequest,
  ListResourcesReply,
  ListResourcesRequest,
  Resource,
} from "@tutti/contracts/session/v1";
import { type GetPoolUseReply, ListPoolsRequest, type PoolShare } from "@tutti/contracts/swarm/v1";
import { Explanation, type LabelSelector } from "@tutti/contracts/types/v1";
import { ofAllPages } from "@tutti/host/serving";
import { amountOf, type CallContext, counted, descending, pageOf, selectorText } from "@tutti/kernel";
import { endOf, listReservations, startOf } from "./reservations.ts";
import { contentsOf, isAbout, type ResourceDependencies } from "./resource-dependencies.ts";

interface Use extends GetPoolUseReply {
  readonly pool: string;
}

const pageSize = 1_000;

async function usesOf(
  dependencies: ResourceDependencies,
  requestedPool: string,
  context: CallContext,
): Promise<Use[]> {
  const { namespace } = context;
  const names = requestedPool === "" ? await poolNames(dependencies, context) : [requestedPool];
  return await Promise.all(
    names.map(async (pool) => ({
      pool,
      ...(await dependencies.pools.getPoolUse({ namespace, pool, agents: undefined }, { context })),
    })),
  );
}

async function poolNames({ pools }: ResourceDependencies, context: CallContext): Promise<string[]> {
  const { namespace } = context;
  const all = await ofAllPages(
    (page) => pools.listPools(ListPoolsRequest.fromPartial({ namespace, page }), { context }),
    (reply) => reply.pools,
  );
  return all.map(({ pool }) => pool);
}

export async function listResources(
  dependencies: ResourceDependencies,
  { pool, name, page }: ListResourcesRequest,
  context: CallContext,
): Promise<ListResourcesReply> {
  const nowMs = dependencies.foundation.clock.now();
  const uses = await usesOf(dependencies, pool, context);
  const { reservations } = await listReservations(
    dependencies,
    { namespace: context.namespace, pool, span: undefined, page: { size: pageSize, token: "" } },
    context,
  );
  const present = reservations.filter(
    (reservation) => startOf(reservation) <= nowMs && endOf(reservation) > nowMs,
  );
  const all: Resource[] = uses.flatMap(({ pool: inPool, resources, groups }) => {
    const ofPool = present.filter((reservation) => (reservation.pool || "default") === inPool);
    const wholePool = { agents: undefined, resources };
    return [wholePool, ...groups.filter(({ agents }) => hasLabelsAlone(agents))].flatMap((group) => {
      const there = ofPool.filter(({ agents }) => group.agents === undefined || isSame(agents, group.agents));
      return group.resources
        .filter((resource) => name === "" || resource.name === name)
        .map(({ name: resource, capacity, used, wanted }) => {
          const reserved = there.reduce((sum, { amounts }) => sum + (amounts[resource] ?? 0), 0);
          const labels = { ...group.agents?.equals };
          return { name: resource, pool: inPool, labels, capacity, used, reserved, wanted };
        });
    });
  });
  const keyOf = (resource: Resource) =>
    `${resource.pool}\n${resource.name}\n${selectorText({ equals: resource.labels })}`;
  all.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const { items, nextToken } = pageOf(
    all,
    { list: ["resources", context.namespace, pool, name], keyOf },
    page,
  );
  return { resources: items, page: { nextToken, total: all.length } };
}

/** Returns whether labels are the only requirement on agents. */
function hasLabelsAlone(agents: LabelSelector | undefined): boolean {
  return agents !== undefined && agents.exists.length + agents.absent.length === 0;
}

function isSame(one: LabelSelector | undefined, other: LabelSelector): boolean {
  return one !== undefined && selectorText(one) === selectorText(other);
}

export async function listAllocations(
  dependencies: ResourceDependencies,
  { pool, name, page }: ListAllocationsRequest,
  context: CallContext,
): Promise<ListAllocationsReply> {
  const all = (await allocationStatesOf(dependencies, pool, context))
    .map(({ allocation }) => allocation)
    .filter(({ granted, wanted }) => name === "" || (granted[name] ?? 0) + (wanted[name] ?? 0) > 0);
  const most = ({ granted }: Allocation) => granted[name || "slots"] ?? 0;
  const keyOf = (allocation: Allocation) =>
    `${descending(1_000 * most(allocation))} ${allocation.session?.id ?? ""}`;
  all.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const { items, nextToken } = pageOf(
    all,
    { list: ["allocations", context.namespace, pool, name], keyOf },
    page,
  );
  return { allocations: items, page: { nextToken, total: all.length } };
}

/** The state of a session and its rivals. */
interface AllocationState {
  readonly allocation: Allocation;
  /** The base of its share of each resource, as texts. */
  readonly of: Record<string, string[]>;
  /** Sessions of the namespace that compete for the same resources, and whether others do too. */
  readonly rivals: Map<string, number>;
  hasForeignRivals: boolean;
}

/** Returns one standing for each session with running or waiting tasks, over all pools. */
async function allocationStatesOf(
  dependencies: ResourceDependencies,
  pool: string,
  context: CallContext,
): Promise<AllocationState[]> {
  const { namespace } = context;
  const byId = new Map<string, AllocationState>();
  for (const use of await usesOf(dependencies, pool, context))
    for (const share of use.shares) {
      if (share.key === "" || share.namespace !== namespace) continue;
      const found = byId.get(share.key) ?? emptyState(emptyOf(share, namespace));
      byId.set(share.key, found);
      add(found.allocation.granted, share.used);
      add(found.allocation.wanted, share.wanted);
      for (const name of Object.keys({ ...share.used, ...share.wanted })) addShare(found, use, share, name);
    }
  return [...byId.values()];
}

function emptyState(allocation: Allocation): AllocationState {
  return { allocation, of: {}, rivals: new Map(), hasForeignRivals: false };
}

function addShare(found: AllocationState, use: Use, share: PoolShare, name: string): void {
  const field = fieldOf(use, share, name);
  const rivals = field.shares.filter((each) => amountIn(each, name) > 0);
  const weights = rivals.reduce((sum, { weight }) => sum + weight, 0);
  add(found.allocation.share, { [name]: (field.capacity * share.weight) / weights });
  const groupText = field.labelsText === "" ? "" : ` of agents with ${field.labelsText}`;
  found.of[name] = [...(found.of[name] ?? []), `${rounded(field.capacity)}${groupText}`];
  for (const { namespace, key, weight } of rivals)
    if (namespace !== share.namespace) found.hasForeignRivals = true;
    else if (key !== "" && key !== share.key) found.rivals.set(key, weight);
}

interface Field {
  /** The labels of its agents, as a text. Empty for the whole pool. */
  readonly labelsText: string;
  readonly capacity: number;
  readonly shares: readonly PoolShare[];
}

/** Returns the agents that a session competes for: the smallest group with all that it uses and wants. */
function fieldOf({ resources, shares, groups }: Use, share: PoolShare, name: string): Field {
  const all = amountIn(share, name);
  const capacityIn = (of: typeof resources) => of.find((resource) => resource.name === name)?.capacity ?? 0;
  let field: Field = { labelsText: "", capacity: capacityIn(resources), shares };
  for (const group of groups) {
    const own = group.shares.find(({ namespace, key }) => namespace === share.namespace && key === share.key);
    const capacity = capacityIn(group.resources);
    if (own === undefined || amountIn(own, name) < all || capacity >= field.capacity) continue;
    field = {
      labelsText: group.agents === undefined ? "" : selectorText(group.agents),
      capacity,
      shares: group.shares,
    };
  }
  return field;
}

function amountIn({ used, wanted }: PoolShare, name: string): number {
  return (used[name] ?? 0) + (wanted[name] ?? 0);
}

function emptyOf({ key: id, weight }: PoolShare, namespace: string): Allocation {
  const session = { namespace, kind: "session", id, task: "" };
  return { session, weight, granted: {}, wanted: {}, share: {} };
}

function add(sums: Record<string, number>, amounts: Readonly<Record<string, number>>): void {
  for (const [name, amount] of Object.entries(amounts)) sums[name] = (sums[name] ?? 0) + amount;
}

export async function explainAllocation(
  dependencies: ResourceDependencies,
  { sessionId }: ExplainAllocationRequest,
  context: CallContext,
): Promise<ExplainAllocationReply> {
  const { namespace } = context;
  const { session } = await dependencies.sessions.getSession(
    { namespace, sessionId, atEvent: 0 },
    { context },
  );
  const all = await allocationStatesOf(dependencies, "", context);
  const weight = session?.spec?.weight || 1;
  const about = { namespace, kind: "session", id: sessionId, task: "" };
  const state =
    all.find(({ allocation }) => allocation.session?.id === sessionId) ??
    emptyState(emptyOf({ key: sessionId, weight, namespace, used: {}, wanted: {} }, namespace));
  const { allocation: own } = state;
  const { quotas, reservations } = await contentsOf(dependencies, context);
  const labels = session?.spec?.labels ?? {};
  const sentences = [describeOwn(state), describeRivals(state)];
  const limits = Object.entries(session?.spec?.limits ?? {});
  for (const [name, limit] of limits)
    sentences.push(
      `its own limits allow ${amountOf(limit, name)}, of which it has ${own.granted[name] ?? 0}`,
    );
  for (const { value } of quotas) {
    const { quotaId, limits, sessions } = value;
    if (sessions !== undefined && !isAbout(sessions, labels)) continue;
    const used = dependencies.claims.usedOf(namespace, quotaId);
    const parts = Object.entries(limits).map(
      ([name, limit]) => `${used[name] ?? 0} of ${amountOf(limit, name)}`,
    );
    sentences.push(`the quota ${quotaId} has ${parts.join(" and ")} in use`);
  }
  const nowMs = dependencies.foundation.clock.now();
  for (const { value } of reservations) {
    const { reservationId, amounts, sessions } = value;
    const isOwn = session?.spec?.reservationIds.includes(reservationId) === true || isAbout(sessions, labels);
    const isNow = startOf(value) <= nowMs;
    const parts = Object.entries(amounts).map(([name, amount]) => amountOf(amount, name));
    const agentsText = value.agents === undefined ? "" : ` of agents with ${selectorText(value.agents)}`;
    const until = new Date(endOf(value)).toISOString();
    sentences.push(
      `the reservation ${reservationId} ${isNow ? "holds" : "will hold"} ${parts.join(" and ")}${agentsText} ${isOwn ? "for it" : "for others"} until ${until}`,
    );
  }
  return { allocation: own, explanation: { ...Explanation.create(), about, summary: sentences.join("; ") } };
}

function describeOwn({ allocation, of }: AllocationState): string {
  const { weight, granted, wanted, share } = allocation;
  const names = Object.keys({ ...granted, ...wanted });
  if (names.length === 0) return `it has the weight ${weight}, without running or pending tasks`;
  const parts = names.map(
    (name) =>
      `${amountOf(granted[name] ?? 0, name)} in use and ${wanted[name] ?? 0} waiting, where its share is ${rounded(share[name] ?? 0)} of ${(of[name] ?? []).join(" and ")}`,
  );
  return `it has the weight ${weight}: ${parts.join(", ")}`;
}

function describeRivals({ rivals, hasForeignRivals }: AllocationState): string {
  const others = [...rivals].slice(0, 5).map(([id, weight]) => `${id} with the weight ${weight}`);
  if (rivals.size === 0 && !hasForeignRivals) return "no other session has running or pending tasks there";
  const sessions = rivals.size === 0 ? [] : [`with ${counted(rivals.size, "other")}: ${others.join(", ")}`];
  return `it takes turns ${[...sessions, ...(hasForeignRivals ? ["with other namespaces"] : [])].join(", and ")}`;
}

function rounded(amount: number): number {
  return Math.round(100 * amount) / 100;
}
