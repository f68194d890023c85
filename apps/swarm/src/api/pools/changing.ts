/** Pools: create, update, pause and delete. */
import { namespaceOf } from "@tutti/contracts/rpc";
import {
  type CreatePoolReply,
  type CreatePoolRequest,
  type DeletePoolReply,
  type DeletePoolRequest,
  type PausePoolRequest,
  type Pool as PoolMessage,
  Pool as poolMessage,
  type ResumePoolRequest,
  type UpdatePoolRequest,
} from "@tutti/contracts/swarm/v1";
import { type CallContext, errorOf } from "@tutti/kernel";
import {
  createPool,
  deletePool,
  pausePool,
  poolErrors,
  resumePool,
  updatePool,
} from "@tutti/machine-entities/pool";
import { matchingErrors, poolSettingsOf, settingsRefusal, weightsProblem } from "@tutti/matching";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { PoolDependencies } from "../dependencies.ts";
import { mergedFields } from "../merged.ts";
import { viewOf } from "./view.ts";

const changeable = [
  ...(["description", "strategy", "admits", "weights", "ageingMs", "maxQueued", "maxAgents"] as const),
  ...(["preemption", "doubling", "adaptiveConcurrency", "sleepAfterMs", "suspicionThreshold"] as const),
  ...(["quarantineAfterCrashes", "breakAfterFailures", "labels"] as const),
] as const;

export async function create(
  dependencies: PoolDependencies,
  request: CreatePoolRequest,
  context: CallContext,
): Promise<CreatePoolReply> {
  const namespace = namespaceOf(request);
  const { pool: requestedPool = poolMessage.create() } = request;
  const name = requestedPool.pool;
  requireValid(requestedPool, namespace);
  // A built-in pool can only be configured, not created or deleted.
  if (dependencies.pools.configuredNames.has(name)) {
    const { settings, pool: matched } = await dependencies.pools.tenant(namespace, name, context);
    if (!isAlreadySet(requestedPool, settings)) throw poolErrors.exists({ name: "pool", id: matched.name });
    return { pool: await currentView(dependencies, namespace, name, context), existed: true };
  }
  // An unset flag means off: a new pool has it on, and an update that names it turns it off.
  const pool = { ...requestedPool, adaptiveConcurrency: true };
  // The name alone identifies the request: the machine compares the content.
  const command = { command: createPool, body: { pool }, idempotencyKey: "" };
  const { existed } = await dependencies.poolStore.change(namespace, name, command, context);
  return { pool: await currentView(dependencies, namespace, name, context), existed };
}

export async function update(
  dependencies: PoolDependencies,
  request: UpdatePoolRequest,
  context: CallContext,
) {
  const namespace = namespaceOf(request);
  const { pool = poolMessage.create(), update: mask, reason } = request;
  const name = pool.pool;
  const { settings, contents } = await dependencies.pools.tenant(namespace, name, context);
  const after = mergedFields(settings, pool, mask?.fields ?? [], changeable);
  requireValid(after, namespace);
  // The revision that was read for the merge is required, unless the caller passed another one.
  const revision = Number(mask?.revision || contents.settings?.revision || 0);
  const command = { command: updatePool, body: { pool: after, revision }, reason };
  await dependencies.poolStore.change(namespace, name, command, context);
  return { pool: await currentView(dependencies, namespace, name, context) };
}

/** Deletes a pool if it has no agents. An agent that joins a moment later learns that the pool is gone. */
export async function remove(
  dependencies: PoolDependencies,
  request: DeletePoolRequest,
  context: CallContext,
): Promise<DeletePoolReply> {
  const namespace = namespaceOf(request);
  const { pool: name, reason } = request;
  if (dependencies.pools.configuredNames.has(name)) throw poolErrors.permanent({ pool: name });
  const contents = await dependencies.poolStore.read(namespace, name, context);
  if (contents?.settings === undefined) return { removed: false };
  const { pool } = await dependencies.pools.tenant(namespace, name, context);
  const nowMs = dependencies.now();
  const { queued, running } = pool.status(nowMs);
  const agents = pool.agents(nowMs).length;
  if (agents + queued + running > 0) throw poolErrors.inUse({ pool: name, agents, tasks: queued + running });
  const command = { command: deletePool, body: {}, reason };
  const { removed } = await dependencies.poolStore.change(namespace, name, command, context);
  return { removed };
}

export async function pause(dependencies: PoolDependencies, request: PausePoolRequest, context: CallContext) {
  const { reason } = request;
  const { namespace, name } = await named(dependencies, request, context);
  await dependencies.poolStore.change(
    namespace,
    name,
    { command: pausePool, body: { reason }, reason },
    context,
  );
  return { pool: await currentView(dependencies, namespace, name, context) };
}

export async function resume(
  dependencies: PoolDependencies,
  request: ResumePoolRequest,
  context: CallContext,
) {
  const { slowStart, slowStartMs, reason } = request;
  const { namespace, name } = await named(dependencies, request, context);
  const command = { command: resumePool, body: { slowStart, slowStartMs }, reason };
  await dependencies.poolStore.change(namespace, name, command, context);
  return { pool: await currentView(dependencies, namespace, name, context) };
}

/** Returns a pool that exists and is owned here. */
export async function named(
  { pools }: Pick<PoolDependencies, "pools">,
  request: { readonly namespace: string; readonly pool: string },
  context: CallContext,
): Promise<{ readonly namespace: string; readonly name: string }> {
  const { namespace, name } = await pools.admitted(
    namespaceOf(request),
    request.pool || defaultPool,
    context,
  );
  return { namespace, name };
}

export async function currentView(
  { pools, now }: PoolDependencies,
  namespace: string,
  name: string,
  context: CallContext,
): Promise<PoolMessage> {
  return viewOf(await pools.tenant(namespace, name, context), now);
}

/** Rejects an invalid configuration before it is stored: the pool could not be opened with it. */
function requireValid(pool: PoolMessage, namespace: string): void {
  const problem = weightsProblem(pool.strategy?.weights ?? {});
  if (problem !== undefined) throw matchingErrors.settingsInvalid({ problem });
  const { ageingMs, queuedMax, agentsMax, suspicionThreshold, breakAfterFailures, ...rest } = poolSettingsOf(
    pool,
    namespace,
  );
  // For these fields 0 selects the configured value.
  const open = { ageingMs, queuedMax, agentsMax, suspicionThreshold, breakAfterFailures };
  const configured = Object.entries(open).filter(([, value]) => value !== 0);
  const { doubling } = rest;
  const refusal = settingsRefusal({
    ...rest,
    ...(doubling && {
      doubling: { ...doubling, quantile: doubling.quantile || 0.95 },
    }),
    ...Object.fromEntries(configured),
  });
  if (refusal !== undefined) throw errorOf(refusal);
}

/** Returns whether every requested value is already set. */
function isAlreadySet(requested: PoolMessage, found: PoolMessage): boolean {
  const after = mergedFields(found, requested, [], changeable);
  return JSON.stringify(after) === JSON.stringify(found);
}
