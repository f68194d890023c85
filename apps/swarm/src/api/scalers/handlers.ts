/** Scalers: made, changed, taken away and looked at. What lasts of them is kept by the machine of their pool. */
import { namespaceOf } from "@tutti/contracts/rpc";
import {
  type CreateScalerRequest,
  type DeleteScalerRequest,
  type GetScalerRequest,
  type ListScalersRequest,
  type ListScalingsRequest,
  Scaler,
  type scalerService,
  type UpdateScalerRequest,
} from "@tutti/contracts/swarm/v1";
import { ofAllPages } from "@tutti/host/serving";
import { type CallContext, pageOf } from "@tutti/kernel";
import { createScaler, deleteScaler, updateScaler } from "@tutti/machine-entities/pool";
import type { Client, Handlers } from "@tutti/mesh";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { Tenant } from "../../pools/tenant.ts";
import { scalingErrors } from "../../scaling/errors.ts";
import { scalerProblem } from "../../scaling/problems.ts";
import type { Scalers } from "../../scaling/scalers.ts";
import { tellingRefused, type WebhookGuard } from "../../webhooks/tell-refused.ts";
import type { Desk } from "../desk.ts";
import { mergedFields } from "../merged.ts";
import { poolsOf } from "../pools/listing.ts";

export interface ScalerDesk extends Desk {
  readonly scalers: Scalers;
  /** Scalers of this process and of others. */
  readonly remoteScalers: Client<typeof scalerService>;
  /** Whether nobody from another machine can call this process. */
  readonly isLoopback: boolean;
  readonly guard: WebhookGuard;
}

const changeable = [
  ...(["driver", "capabilities", "minAgents", "maxAgents", "targetWaitMs", "coolDownMs", "idleMs"] as const),
  ...(["sleepInstead", "useForecast", "windows", "paused"] as const),
] as const;

/** In the words of the contract a driver is named by what it is. */
const drivers = new Set(["process", "webhook", "container", "kubernetes"]);
/** What says which scaler it is changes nothing, named or not. */
const identifying = new Set(["namespace", "pool", "scaler_id", "scalerId"]);

export function scalerHandlers(desk: ScalerDesk): Handlers<typeof scalerService> {
  return {
    createScaler: (request, context) => create(desk, request, context),
    getScaler: async (request, context) => ({ scaler: await found(desk, request, context) }),
    listScalers: (request, context) => list(desk, request, context),
    updateScaler: (request, context) => update(desk, request, context),
    deleteScaler: (request, context) => remove(desk, request, context),
    listScalings: (request, context) => listScalings(desk, request, context),
  };
}

async function create(desk: ScalerDesk, request: CreateScalerRequest, context: CallContext) {
  const { scaler = Scaler.create() } = request;
  tellingRefused(desk.guard, context, "swarm.scalers.create", () => insistOnSound(desk, scaler));
  const tenant = await tenantOf(desk, { ...request, pool: scaler.pool }, context);
  const { namespace, name } = tenant.pool;
  // The id alone says that it is the same: the machine compares what is asked for.
  const told = { command: createScaler, body: { scaler }, idempotencyKey: "" };
  const { existed } = await desk.keeper.change(namespace, name, told, context);
  return { scaler: await shown(desk, tenant, scaler.scalerId, context), existed };
}

async function update(desk: ScalerDesk, request: UpdateScalerRequest, context: CallContext) {
  const { scaler: wanted = Scaler.create(), update: how, reason } = request;
  const { scalerId } = wanted;
  const tenant = await tenantOf(desk, { ...request, pool: wanted.pool }, context);
  const kept = keptIn(tenant, scalerId);
  const named = (how?.fields ?? []).filter((field) => !identifying.has(field));
  const fields = named.map((field) => (drivers.has(field) ? "driver" : field));
  const scaler = mergedFields(kept.value as Scaler, wanted, fields, changeable);
  tellingRefused(desk.guard, context, "swarm.scalers.update", () => insistOnSound(desk, scaler));
  const { namespace, name } = tenant.pool;
  const revision = Number(how?.revision || kept.revision);
  await desk.keeper.change(
    namespace,
    name,
    { command: updateScaler, body: { scaler, revision }, reason },
    context,
  );
  return { scaler: await shown(desk, tenant, scalerId, context) };
}

async function remove(desk: ScalerDesk, request: DeleteScalerRequest, context: CallContext) {
  const { scalerId, reason } = request;
  const { namespace, name } = (await tenantOf(desk, request, context)).pool;
  const told = { command: deleteScaler, body: { scalerId }, reason };
  const { removed } = await desk.keeper.change(namespace, name, told, context);
  return { removed };
}

async function list(desk: ScalerDesk, request: ListScalersRequest, context: CallContext) {
  const namespace = namespaceOf(request);
  const { pool, page } = request;
  const all = pool === "" ? await scalersOfAll(desk, namespace, context) : await own(desk, request, context);
  const { items, nextToken } = pageOf(
    all,
    { list: ["scalers", namespace, pool], keyOf: (scaler) => `${scaler.pool}/${scaler.scalerId}` },
    page,
  );
  return { scalers: items, page: { nextToken, total: all.length } };
}

/** Those of a pool that is owned here. */
async function own(
  desk: ScalerDesk,
  request: { readonly namespace: string; readonly pool: string },
  context: CallContext,
): Promise<Scaler[]> {
  const tenant = await tenantOf(desk, request, context);
  return [...tenant.contents.scalers.keys()].sort().map((scalerId) => viewOf(desk, tenant, scalerId));
}

/** Those of all pools, of all owners. */
async function scalersOfAll(desk: ScalerDesk, namespace: string, context: CallContext): Promise<Scaler[]> {
  const pools = await poolsOf(desk, namespace, context);
  const lists = pools.map(async ({ pool }) => {
    if (desk.pools.holds(namespace, pool)) return own(desk, { namespace, pool }, context);
    return ofAllPages(
      (page) => desk.remoteScalers.listScalers({ namespace, pool, page }, { context }),
      ({ scalers }) => scalers,
    );
  });
  return (await Promise.all(lists)).flat();
}

async function listScalings(desk: ScalerDesk, request: ListScalingsRequest, context: CallContext) {
  const { scalerId, page } = request;
  const tenant = await tenantOf(desk, request, context);
  keptIn(tenant, scalerId);
  const all = desk.scalers.logOf(tenant.pool, scalerId)?.newestFirst ?? [];
  const { namespace, name } = tenant.pool;
  // Newest first: what was decided later has the smaller key.
  const keyOf = ({ number }: { readonly number: number }) => String(1e12 - number);
  const { items, nextToken } = pageOf(all, { list: ["scalings", namespace, name, scalerId], keyOf }, page);
  const scalings = items.map(({ number: _, ...scaling }) => scaling);
  return { scalings, page: { nextToken, total: all.length } };
}

async function found(desk: ScalerDesk, request: GetScalerRequest, context: CallContext): Promise<Scaler> {
  const tenant = await tenantOf(desk, request, context);
  keptIn(tenant, request.scalerId);
  return viewOf(desk, tenant, request.scalerId);
}

function tenantOf(
  { pools }: ScalerDesk,
  request: { readonly namespace: string; readonly pool: string },
  context: CallContext,
): Promise<Tenant> {
  return pools.tenant(namespaceOf(request), request.pool || defaultPool, context);
}

/** As it is after a change, which the pool works by already. */
async function shown(
  desk: ScalerDesk,
  { pool }: Tenant,
  scalerId: string,
  context: CallContext,
): Promise<Scaler> {
  return viewOf(desk, await desk.pools.tenant(pool.namespace, pool.name, context), scalerId);
}

function viewOf(desk: ScalerDesk, tenant: Tenant, scalerId: string): Scaler {
  const { value, revision, cause } = keptIn(tenant, scalerId);
  const { namespace, name } = tenant.pool;
  return {
    ...(value as Scaler),
    ...{ namespace, pool: name },
    status: desk.scalers.statusOf(tenant.pool, scalerId),
    updateCause: cause,
    revision: String(revision),
  };
}

function keptIn({ contents, pool }: Tenant, scalerId: string) {
  const kept = contents.scalers.get(scalerId);
  if (kept === undefined) throw scalingErrors.scalerUnknown({ pool: pool.name, scaler: scalerId });
  return kept;
}

function insistOnSound({ settings, isLoopback }: ScalerDesk, scaler: Scaler): void {
  const problem = scalerProblem(scaler, settings.scaling, isLoopback);
  if (problem !== undefined) throw problem;
}
