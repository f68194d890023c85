/** Who has what: as pools count it, beside what was set aside and what shares would give. */
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
import { ListPoolsRequest, type PoolResource, type PoolShare } from "@tutti/contracts/swarm/v1";
import { Explanation } from "@tutti/contracts/types/v1";
import { ofAllPages } from "@tutti/host/serving";
import { type CallContext, pageOf } from "@tutti/kernel";
import { contentsOf, isAbout, type ResourceDesk } from "./desk.ts";
import { beginOf, endOf, listReservations } from "./reservations.ts";

interface Use {
  readonly pool: string;
  readonly resources: readonly PoolResource[];
  readonly shares: readonly PoolShare[];
}

const pageSize = 1_000;

async function usesOf(desk: ResourceDesk, wanted: string, context: CallContext): Promise<Use[]> {
  const { namespace } = context;
  const names = wanted === "" ? await poolNames(desk, context) : [wanted];
  return await Promise.all(
    names.map(async (pool) => ({
      pool,
      ...(await desk.pools.getPoolUse({ namespace, pool }, { context })),
    })),
  );
}

async function poolNames({ pools }: ResourceDesk, context: CallContext): Promise<string[]> {
  const { namespace } = context;
  const all = await ofAllPages(
    (page) => pools.listPools(ListPoolsRequest.fromPartial({ namespace, page }), { context }),
    (reply) => reply.pools,
  );
  return all.map(({ pool }) => pool);
}

export async function listResources(
  desk: ResourceDesk,
  { pool, name, page }: ListResourcesRequest,
  context: CallContext,
): Promise<ListResourcesReply> {
  const nowMs = desk.foundation.clock.now();
  const uses = await usesOf(desk, pool, context);
  const { reservations } = await listReservations(
    desk,
    { namespace: context.namespace, pool, span: undefined, page: { size: pageSize, token: "" } },
    context,
  );
  const present = reservations.filter((one) => beginOf(one) <= nowMs && endOf(one) > nowMs);
  const all: Resource[] = uses.flatMap(({ pool: inPool, resources }) =>
    resources
      .filter((resource) => name === "" || resource.name === name)
      .map(({ name: resource, capacity, used, wanted }) => {
        const ofPool = present.filter((one) => (one.pool || "default") === inPool);
        const reserved = ofPool.reduce((sum, { amounts }) => sum + (amounts[resource] ?? 0), 0);
        return { name: resource, pool: inPool, labels: {}, capacity, used, reserved, wanted };
      }),
  );
  const keyOf = (one: Resource) => `${one.pool}\n${one.name}`;
  all.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const { items, nextToken } = pageOf(
    all,
    { list: ["resources", context.namespace, pool, name], keyOf },
    page,
  );
  return { resources: items, page: { nextToken, total: all.length } };
}

export async function listAllocations(
  desk: ResourceDesk,
  { pool, name, page }: ListAllocationsRequest,
  context: CallContext,
): Promise<ListAllocationsReply> {
  const all = (await allocationsOf(desk, pool, context)).filter(
    ({ granted, wanted }) => name === "" || (granted[name] ?? 0) + (wanted[name] ?? 0) > 0,
  );
  const most = ({ granted }: Allocation) => granted[name || "slots"] ?? 0;
  const keyOf = (one: Allocation) =>
    `${String(1e12 - Math.round(1_000 * most(one))).padStart(13, "0")} ${one.session?.id ?? ""}`;
  all.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const { items, nextToken } = pageOf(
    all,
    { list: ["allocations", context.namespace, pool, name], keyOf },
    page,
  );
  return { allocations: items, page: { nextToken, total: all.length } };
}

/** One for each session with something at work or waiting, over all pools. */
async function allocationsOf(desk: ResourceDesk, pool: string, context: CallContext): Promise<Allocation[]> {
  const byId = new Map<string, Allocation>();
  for (const { resources, shares } of await usesOf(desk, pool, context)) {
    const capacity = new Map(resources.map((one) => [one.name, one.capacity]));
    for (const share of shares) {
      if (share.key === "" || share.namespace !== context.namespace) continue;
      const found = byId.get(share.key) ?? emptyOf(share, context.namespace);
      byId.set(share.key, found);
      add(found.granted, share.used);
      add(found.wanted, share.wanted);
      for (const name of Object.keys({ ...share.used, ...share.wanted })) {
        const rivals = shares.filter((one) => (one.used[name] ?? 0) + (one.wanted[name] ?? 0) > 0);
        const weights = rivals.reduce((sum, { weight }) => sum + weight, 0);
        add(found.share, { [name]: ((capacity.get(name) ?? 0) * share.weight) / weights });
      }
    }
  }
  return [...byId.values()];
}

function emptyOf({ key: id, weight }: PoolShare, namespace: string): Allocation {
  const session = { namespace, kind: "session", id, task: "" };
  return { session, weight, granted: {}, wanted: {}, share: {} };
}

function add(sums: Record<string, number>, amounts: Readonly<Record<string, number>>): void {
  for (const [name, amount] of Object.entries(amounts)) sums[name] = (sums[name] ?? 0) + amount;
}

export async function explainAllocation(
  desk: ResourceDesk,
  { sessionId }: ExplainAllocationRequest,
  context: CallContext,
): Promise<ExplainAllocationReply> {
  const { namespace } = context;
  const { session } = await desk.sessions.getSession({ namespace, sessionId, atEvent: 0 }, { context });
  const all = await allocationsOf(desk, "", context);
  const weight = session?.spec?.weight || 1;
  const about = { namespace, kind: "session", id: sessionId, task: "" };
  const own =
    all.find((one) => one.session?.id === sessionId) ??
    emptyOf({ key: sessionId, weight, namespace, used: {}, wanted: {} }, namespace);
  const others = all.filter((one) => one !== own);
  const { quotas, reservations } = await contentsOf(desk, context);
  const labels = session?.spec?.labels ?? {};
  const told = [
    tellOwn(own),
    others.length === 0
      ? "no other session has anything at work or waiting"
      : `it takes turns with ${others.length} others: ${others.slice(0, 5).map(nameWithWeight).join(", ")}`,
  ];
  const limits = Object.entries(session?.spec?.limits ?? {});
  for (const [name, limit] of limits)
    told.push(`its own limits allow ${limit} ${name}, of which it has ${own.granted[name] ?? 0}`);
  for (const { value } of quotas) {
    const { quotaId, limits, sessions } = value;
    if (sessions !== undefined && !isAbout(sessions, labels)) continue;
    const used = desk.claims.usedOf(namespace, quotaId);
    const parts = Object.entries(limits).map(([name, limit]) => `${used[name] ?? 0} of ${limit} ${name}`);
    told.push(`the quota ${quotaId} has ${parts.join(" and ")} in use`);
  }
  const nowMs = desk.foundation.clock.now();
  for (const { value } of reservations) {
    const { reservationId, amounts, sessions } = value;
    const isOwn = session?.spec?.reservationIds.includes(reservationId) === true || isAbout(sessions, labels);
    const isNow = beginOf(value) <= nowMs;
    const parts = Object.entries(amounts).map(([name, amount]) => `${amount} ${name}`);
    const until = new Date(endOf(value)).toISOString();
    told.push(
      `the reservation ${reservationId} ${isNow ? "holds" : "will hold"} ${parts.join(" and ")} ${isOwn ? "for it" : "for others"} until ${until}`,
    );
  }
  return { allocation: own, explanation: { ...Explanation.create(), about, summary: told.join("; ") } };
}

function tellOwn({ weight, granted, wanted, share }: Allocation): string {
  const names = Object.keys({ ...granted, ...wanted });
  if (names.length === 0) return `it has the weight ${weight}, and nothing at work or waiting`;
  const parts = names.map(
    (name) =>
      `${granted[name] ?? 0} ${name} at work and ${wanted[name] ?? 0} waiting, where its share is ${Math.round(100 * (share[name] ?? 0)) / 100}`,
  );
  return `it has the weight ${weight}: ${parts.join(", ")}`;
}

function nameWithWeight({ session, weight }: Allocation): string {
  return `${session?.id ?? ""} with the weight ${weight}`;
}
