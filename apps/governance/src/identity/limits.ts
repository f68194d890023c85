/** Limits of callers, and the last use of their keys and tokens. */
import {
  IdentityLimit,
  KeepMode,
  type ListIdentityLimitsRequest,
  type RecordUsesRequest,
  type SetIdentityLimitRequest,
} from "@tutti/contracts/governance/v1";
import { type CallContext, fromTimestamp, pageOf } from "@tutti/kernel";
import { actorKey, allCallers, callerLimit, noteLockouts, noteUses } from "@tutti/machine-entities/tenant";
import { executeOnTenant, revisionOf, type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { limitOf } from "../tenants/views.ts";

export async function setLimit(
  dependencies: TenantDependencies,
  request: SetIdentityLimitRequest,
  context: CallContext,
) {
  const { limit = IdentityLimit.create(), revision, reason } = request;
  const { actor } = limit;
  if (isEmptyLimit(limit)) {
    await executeOnTenant(dependencies, { command: callerLimit.remove, body: { actor }, reason }, context);
    return { limit: { ...IdentityLimit.create(), namespace: context.namespace, actor } };
  }
  const body = { limit, revision: revisionOf(revision), mode: KeepMode.KEEP_MODE_UNSPECIFIED };
  await executeOnTenant(dependencies, { command: callerLimit.keep, body, reason }, context);
  const { limits } = await tenantOf(dependencies, context.namespace, context);
  const stored = limits.get(actorKey(actor) || allCallers);
  return { limit: stored && limitOf(context.namespace, stored) };
}

export async function listLimits(
  dependencies: TenantDependencies,
  { page }: ListIdentityLimitsRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const { limits } = await tenantOf(dependencies, namespace, context);
  const all = [...limits]
    .map(([id, stored]) => ({ place: id === allCallers ? "" : id, limit: limitOf(namespace, stored) }))
    .sort((one, other) => (one.place < other.place ? -1 : 1));
  const { items, nextToken } = pageOf(
    all,
    { list: ["limits", namespace], keyOf: ({ place }) => place },
    page,
  );
  return { limits: items.map(({ limit }) => limit), page: { nextToken, total: all.length } };
}

export async function recordUses(
  dependencies: TenantDependencies,
  { uses, lockouts }: RecordUsesRequest,
  context: CallContext,
) {
  if (lockouts.length > 0)
    await executeOnTenant(
      dependencies,
      { command: noteLockouts, body: { lockouts }, idempotencyKey: "" },
      context,
    );
  if (uses.length === 0) return {};
  const reported = uses.map(({ credentialId, useTime, address }) => ({
    credentialId,
    address,
    useMs: useTime === undefined ? 0 : fromTimestamp(useTime),
  }));
  await executeOnTenant(
    dependencies,
    { command: noteUses, body: { uses: reported }, idempotencyKey: "" },
    context,
  );
  return {};
}

function isEmptyLimit({ calls, maxConcurrent, maxStreams, maxRequestBytes }: IdentityLimit): boolean {
  return calls === undefined && maxConcurrent === 0 && maxStreams === 0 && maxRequestBytes === 0;
}
