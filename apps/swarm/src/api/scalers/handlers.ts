/** Scalers: create, update, delete and read. The machine of their pool stores them. */
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
import { type CallContext, pageOf, type TuttiError } from "@tutti/kernel";
import { createScaler, deleteScaler, updateScaler } from "@tutti/machine-entities/pool";
import { scalingRulesOf, windowProblem } from "@tutti/matching";
import type { Client, Handlers } from "@tutti/mesh";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { Tenant } from "../../pools/tenant.ts";
import { driverProblem } from "../../scaling/drivers/open-driver.ts";
import { scalingErrors } from "../../scaling/errors.ts";
import type { Scalers } from "../../scaling/scalers.ts";
import type { ScalingSettings } from "../../scaling/settings.ts";
import { checkAndReport, type WebhookGuard } from "../../webhooks/report-refused.ts";
import type { PoolDependencies } from "../dependencies.ts";
import { mergedFields } from "../merged.ts";
import { poolsOf } from "../pools/listing.ts";

export interface ScalerDependencies extends PoolDependencies {
  readonly scalers: Scalers;
  /** Scalers of this process and of others. */
  readonly remoteScalers: Client<typeof scalerService>;
  /** True if only this machine can call this process. */
  readonly isLoopback: boolean;
  readonly guard: WebhookGuard;
}

const changeable = [
  ...(["driver", "capabilities", "minAgents", "maxAgents", "targetWaitMs", "coolDownMs", "idleMs"] as const),
  ...(["sleepInstead", "useForecast", "windows", "paused", "labels"] as const),
] as const;

/** The names of the fields that set a driver. */
const drivers = new Set(["process", "webhook", "container", "kubernetes"]);
/** Fields that identify the scaler change nothing, named or not. */
const identifying = new Set(["namespace", "pool", "scaler_id", "scalerId"]);

export function scalerHandlers(dependencies: ScalerDependencies): Handlers<typeof scalerService> {
  return {
    createScaler: (request, context) => create(dependencies, request, context),
    getScaler: async (request, context) => ({ scaler: await found(dependencies, request, context) }),
    listScalers: (request, context) => list(dependencies, request, context),
    updateScaler: (request, context) => update(dependencies, request, context),
    deleteScaler: (request, context) => remove(dependencies, request, context),
    listScalings: (request, context) => listScalings(dependencies, request, context),
  };
}

async function create(dependencies: ScalerDependencies, request: CreateScalerRequest, context: CallContext) {
  const { scaler = Scaler.create() } = request;
  checkAndReport(dependencies.guard, context, "swarm.scalers.create", () =>
    requireValid(dependencies, scaler),
  );
  const tenant = await tenantOf(dependencies, { ...request, pool: scaler.pool }, context);
  const { namespace, name } = tenant.pool;
  // The id alone identifies the request: the machine compares the content.
  const command = { command: createScaler, body: { scaler }, idempotencyKey: "" };
  const { existed } = await dependencies.poolStore.change(namespace, name, command, context);
  return { scaler: await currentView(dependencies, tenant, scaler.scalerId, context), existed };
}

async function update(dependencies: ScalerDependencies, request: UpdateScalerRequest, context: CallContext) {
  const { scaler: requested = Scaler.create(), update: mask, reason } = request;
  const { scalerId } = requested;
  const tenant = await tenantOf(dependencies, { ...request, pool: requested.pool }, context);
  const stored = storedIn(tenant, scalerId);
  const named = (mask?.fields ?? []).filter((field) => !identifying.has(field));
  const fields = named.map((field) => (drivers.has(field) ? "driver" : field));
  const scaler = mergedFields(stored.value as Scaler, requested, fields, changeable);
  checkAndReport(dependencies.guard, context, "swarm.scalers.update", () =>
    requireValid(dependencies, scaler),
  );
  const { namespace, name } = tenant.pool;
  const revision = Number(mask?.revision || stored.revision);
  await dependencies.poolStore.change(
    namespace,
    name,
    { command: updateScaler, body: { scaler, revision }, reason },
    context,
  );
  return { scaler: await currentView(dependencies, tenant, scalerId, context) };
}

async function remove(dependencies: ScalerDependencies, request: DeleteScalerRequest, context: CallContext) {
  const { scalerId, reason } = request;
  const { namespace, name } = (await tenantOf(dependencies, request, context)).pool;
  const command = { command: deleteScaler, body: { scalerId }, reason };
  const { removed } = await dependencies.poolStore.change(namespace, name, command, context);
  return { removed };
}

async function list(dependencies: ScalerDependencies, request: ListScalersRequest, context: CallContext) {
  const namespace = namespaceOf(request);
  const { pool, page } = request;
  const all =
    pool === ""
      ? await scalersOfAll(dependencies, namespace, context)
      : await own(dependencies, request, context);
  const { items, nextToken } = pageOf(
    all,
    { list: ["scalers", namespace, pool], keyOf: (scaler) => `${scaler.pool}/${scaler.scalerId}` },
    page,
  );
  return { scalers: items, page: { nextToken, total: all.length } };
}

/** Returns the scalers of a pool that is owned here. */
async function own(
  dependencies: ScalerDependencies,
  request: { readonly namespace: string; readonly pool: string },
  context: CallContext,
): Promise<Scaler[]> {
  const tenant = await tenantOf(dependencies, request, context);
  return [...tenant.contents.scalers.keys()].sort().map((scalerId) => viewOf(dependencies, tenant, scalerId));
}

/** Returns the scalers of all pools, of all owners. */
async function scalersOfAll(
  dependencies: ScalerDependencies,
  namespace: string,
  context: CallContext,
): Promise<Scaler[]> {
  const pools = await poolsOf(dependencies, namespace, context);
  const lists = pools.map(async ({ pool }) => {
    if (dependencies.pools.holds(namespace, pool)) return own(dependencies, { namespace, pool }, context);
    return ofAllPages(
      (page) => dependencies.remoteScalers.listScalers({ namespace, pool, page }, { context }),
      ({ scalers }) => scalers,
    );
  });
  return (await Promise.all(lists)).flat();
}

async function listScalings(
  dependencies: ScalerDependencies,
  request: ListScalingsRequest,
  context: CallContext,
) {
  const { scalerId, page } = request;
  const tenant = await tenantOf(dependencies, request, context);
  storedIn(tenant, scalerId);
  const all = dependencies.scalers.logOf(tenant.pool, scalerId)?.newestFirst ?? [];
  const { namespace, name } = tenant.pool;
  // Newest first: a later decision has a smaller key.
  const keyOf = ({ number }: { readonly number: number }) => String(1e12 - number);
  const { items, nextToken } = pageOf(all, { list: ["scalings", namespace, name, scalerId], keyOf }, page);
  const scalings = items.map(({ number: _, ...scaling }) => scaling);
  return { scalings, page: { nextToken, total: all.length } };
}

async function found(
  dependencies: ScalerDependencies,
  request: GetScalerRequest,
  context: CallContext,
): Promise<Scaler> {
  const tenant = await tenantOf(dependencies, request, context);
  storedIn(tenant, request.scalerId);
  return viewOf(dependencies, tenant, request.scalerId);
}

function tenantOf(
  { pools }: ScalerDependencies,
  request: { readonly namespace: string; readonly pool: string },
  context: CallContext,
): Promise<Tenant> {
  return pools.tenant(namespaceOf(request), request.pool || defaultPool, context);
}

/** Returns a scaler after a change that the pool has already applied. */
async function currentView(
  dependencies: ScalerDependencies,
  { pool }: Tenant,
  scalerId: string,
  context: CallContext,
): Promise<Scaler> {
  return viewOf(dependencies, await dependencies.pools.tenant(pool.namespace, pool.name, context), scalerId);
}

function viewOf(dependencies: ScalerDependencies, tenant: Tenant, scalerId: string): Scaler {
  const { value, revision, cause } = storedIn(tenant, scalerId);
  const { namespace, name } = tenant.pool;
  return {
    ...(value as Scaler),
    namespace,
    pool: name,
    status: dependencies.scalers.statusOf(tenant.pool, scalerId),
    updateCause: cause,
    revision: String(revision),
  };
}

function storedIn({ contents, pool }: Tenant, scalerId: string) {
  const stored = contents.scalers.get(scalerId);
  if (stored === undefined) throw scalingErrors.scalerUnknown({ pool: pool.name, scaler: scalerId });
  return stored;
}

function requireValid({ settings, isLoopback }: ScalerDependencies, scaler: Scaler): void {
  const problem = scalerProblem(scaler, settings.scaling, isLoopback);
  if (problem !== undefined) throw problem;
}

/** More than any machine runs well. A larger number is a typing error. */
const processesMax = 1_000;

function scalerProblem(
  scaler: Scaler,
  settings: ScalingSettings,
  isLoopback: boolean,
): TuttiError | undefined {
  const { scalerId, minAgents, windows } = scaler;
  const { maxAgents } = scalingRulesOf(scaler);
  const invalid = (problem: string) => scalingErrors.scalerInvalid({ scaler: scalerId, problem });
  if (minAgents > maxAgents)
    return invalid(`\`maxAgents\` (${maxAgents}) must be at least \`minAgents\` (${minAgents})`);
  for (const [index, window] of windows.entries()) {
    const problem = windowProblem(window);
    if (problem !== undefined) return invalid(`windows[${index}]: ${problem}`);
  }
  const most = Math.max(maxAgents, ...windows.map((window) => window.maxAgents));
  if (scaler.driver?.$case === "process" && most > processesMax)
    return invalid(`expected at most ${processesMax} processes on one machine, got ${most}`);
  return driverProblem(scaler, settings, isLoopback);
}
