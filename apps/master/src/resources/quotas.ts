/** Sets, deletes and reads quotas, and the parts of quotas that pools request. */
import {
  type ClaimAllotmentsReply,
  type ClaimAllotmentsRequest,
  type DeleteQuotaRequest,
  type ListQuotasReply,
  type ListQuotasRequest,
  Quota,
  type SetQuotaRequest,
} from "@tutti/contracts/session/v1";
import { execute } from "@tutti/host/serving";
import { type CallContext, pageOf, type ReadOnly } from "@tutti/kernel";
import type { Stored } from "@tutti/machine-entities";
import { claimParts, dropQuota, keepQuota, ledgerErrors } from "@tutti/machine-entities/ledger";
import { contentsOf, ledgerOf, type ResourceDependencies } from "./resource-dependencies.ts";

export async function setQuota(
  dependencies: ResourceDependencies,
  { quota = Quota.create(), revision, reason }: SetQuotaRequest,
  context: CallContext,
): Promise<Quota> {
  const body = { quota, revision: numberOf(revision) };
  // A repetition is recognised by its content.
  const call = { command: keepQuota, body, reason, idempotencyKey: "" };
  await execute(dependencies, ledgerOf(context.namespace), call, context);
  return quotaNamed(dependencies, quota.quotaId, context);
}

export async function quotaNamed(
  dependencies: ResourceDependencies,
  quotaId: string,
  context: CallContext,
): Promise<Quota> {
  const { quotas } = await contentsOf(dependencies, context);
  const stored = quotas.find(({ value }) => value.quotaId === quotaId);
  if (stored === undefined) throw ledgerErrors.missing({ name: "quota", id: quotaId });
  return quotaMessage(dependencies, stored, context);
}

export async function listQuotas(
  dependencies: ResourceDependencies,
  { page }: ListQuotasRequest,
  context: CallContext,
): Promise<ListQuotasReply> {
  const { quotas } = await contentsOf(dependencies, context);
  const all = quotas.map((stored) => quotaMessage(dependencies, stored, context));
  all.sort((one, other) => (one.quotaId < other.quotaId ? -1 : 1));
  const list = { list: ["quotas", context.namespace], keyOf: ({ quotaId }: Quota) => quotaId };
  const { items, nextToken } = pageOf(all, list, page);
  return { quotas: items, page: { nextToken, total: all.length } };
}

export async function deleteQuota(
  dependencies: ResourceDependencies,
  { quotaId, reason }: DeleteQuotaRequest,
  context: CallContext,
) {
  const call = { command: dropQuota, body: { quotaId }, reason, idempotencyKey: "" };
  const { removed } = await execute(dependencies, ledgerOf(context.namespace), call, context);
  return { removed };
}

export async function claimAllotments(
  dependencies: ResourceDependencies,
  { pool, uses }: ClaimAllotmentsRequest,
  context: CallContext,
): Promise<ClaimAllotmentsReply> {
  const { namespace } = context;
  dependencies.claims.record(namespace, pool, uses);
  const call = { command: claimParts, body: { pool, uses }, idempotencyKey: "" };
  const { allotments, reservations, dueMs } = await execute(dependencies, ledgerOf(namespace), call, context);
  const leaseMs = dueMs === 0 ? 0 : Math.max(1, dueMs - dependencies.foundation.clock.now());
  return { allotments, reservations, leaseMs };
}

function quotaMessage(
  { claims }: ResourceDependencies,
  { value, cause, revision }: ReadOnly<Stored<Quota>>,
  { namespace }: CallContext,
): Quota {
  return {
    // Only read.
    ...(value as Quota),
    namespace,
    used: claims.usedOf(namespace, value.quotaId),
    updateCause: cause as Quota["updateCause"],
    revision: `a${revision}`,
  };
}

/** Returns the number of a revision. An invalid one matches none. */
function numberOf(revision: string): number {
  if (revision === "") return 0;
  return /^a[1-9]\d*$/.test(revision) ? Number(revision.slice(1)) : -1;
}
