/** Creates, reads, lists, changes and deletes principals, and returns the caller's own. */
import {
  type CreatePrincipalRequest,
  type DeletePrincipalRequest,
  type GetMyselfReply,
  KeepMode,
  type ListPrincipalsRequest,
  Principal,
  type UpdatePrincipalRequest,
} from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { mergedFields } from "@tutti/host/serving";
import { type CallContext, pageOf } from "@tutti/kernel";
import { actorKey, principal, tenantErrors } from "@tutti/machine-entities/tenant";
import { systemNamespace } from "@tutti/policy";
import { actorOf } from "../policies/deciding.ts";
import { executeOnTenant, revisionOf, type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { principalOf } from "../tenants/views.ts";

const changeable = ["displayName", "groups", "labels", "disabled", "agent"] as const;
const namespacesMax = 1_000;

export async function createPrincipal(
  dependencies: TenantDependencies,
  { principal: given = Principal.create() }: CreatePrincipalRequest,
  context: CallContext,
) {
  const body = { principal: given, revision: 0, mode: KeepMode.KEEP_MODE_NEW };
  const { existed } = await executeOnTenant(
    dependencies,
    { command: principal.keep, body, idempotencyKey: "" },
    context,
  );
  return { principal: await principalShown(dependencies, given.actor, context), existed };
}

export async function principalShown(
  dependencies: TenantDependencies,
  actor: Actor | undefined,
  context: CallContext,
): Promise<Principal> {
  const { principals } = await tenantOf(dependencies, context.namespace, context);
  const kept = principals.get(actorKey(actor));
  if (kept === undefined) throw tenantErrors.missing({ what: "principal", id: actor?.id ?? "" });
  return principalOf(context.namespace, kept);
}

export async function listPrincipals(
  dependencies: TenantDependencies,
  { kinds, group, text, page }: ListPrincipalsRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const { principals } = await tenantOf(dependencies, namespace, context);
  const wanted = text.toLowerCase();
  const all = [...principals]
    .map(([key, kept]) => ({ key, shown: principalOf(namespace, kept) }))
    .filter(({ shown: { actor, groups, displayName } }) => {
      const isKind = kinds.length === 0 || kinds.includes(actor?.kind ?? ActorKind.ACTOR_KIND_UNSPECIFIED);
      const has = [actor?.id ?? "", displayName].some((one) => one.toLowerCase().includes(wanted));
      return isKind && has && (group === "" || groups.includes(group));
    })
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const list = ["principals", namespace, kinds, group, text];
  const { items, nextToken } = pageOf(all, { list, keyOf: ({ key }) => key }, page);
  return { principals: items.map(({ shown }) => shown), page: { nextToken, total: all.length } };
}

export async function updatePrincipal(
  dependencies: TenantDependencies,
  request: UpdatePrincipalRequest,
  context: CallContext,
) {
  const { principal: wanted = Principal.create(), update: how, reason } = request;
  const before = await principalShown(dependencies, wanted.actor, context);
  const refuse = (problem: string): never => {
    throw tenantErrors.invalid({ problem }, { violations: [{ field: "update.fields", message: problem }] });
  };
  const naming = ["namespace", "actor"];
  const merged = mergedFields(before, wanted, how?.fields ?? [], { changeable, naming, refuse });
  const revision = revisionOf(how?.revision || before.revision);
  const body = { principal: merged, revision, mode: KeepMode.KEEP_MODE_PRESENT };
  await executeOnTenant(dependencies, { command: principal.keep, body, reason }, context);
  return { principal: await principalShown(dependencies, wanted.actor, context) };
}

export async function deletePrincipal(
  dependencies: TenantDependencies,
  { actor, reason }: DeletePrincipalRequest,
  context: CallContext,
) {
  const { removed } = await executeOnTenant(
    dependencies,
    { command: principal.remove, body: { actor }, reason },
    context,
  );
  return { removed: removed > 0 };
}

/** Returns the caller, as known here. */
export async function myself(
  dependencies: TenantDependencies,
  context: CallContext,
): Promise<GetMyselfReply> {
  const { principal: caller, namespace } = context;
  const { shown } = caller;
  const actor = actorOf(caller);
  const home = shown?.namespace || namespace;
  const { principals, keys, tokens } = await tenantOf(dependencies, home, context);
  const kept = principals.get(actorKey(actor));
  const known = kept === undefined ? Principal.fromPartial({ actor }) : principalOf(home, kept);
  const { evaluator, content } = await dependencies.deciding.present();
  const who = { actor, groups: [...(shown?.groups ?? []), ...known.groups] };
  const nowMs = dependencies.foundation.clock.now();
  const held = shown === undefined ? caller.roles : evaluator.rolesOf(who, namespace, nowMs);
  const end = shown && (keys.get(shown.id)?.key ?? tokens.get(shown.id)?.token)?.expireTime;
  const names = ["default", systemNamespace, ...content.namespaces.map(({ name }) => name)];
  const open: string[] = [];
  for (const name of [...new Set(names)].sort())
    if (
      open.length < namespacesMax &&
      (await dependencies.deciding.mayAlso(context, "governance.namespaces.get", name))
    )
      open.push(name);
  return {
    principal: { ...known, groups: [...new Set(who.groups)] },
    roles: [...new Set(held)],
    scope: shown?.scope,
    expireTime: end && { ...end },
    namespaces: open,
  };
}
