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
  { principal: requested = Principal.create() }: CreatePrincipalRequest,
  context: CallContext,
) {
  const body = { principal: requested, revision: 0, mode: KeepMode.KEEP_MODE_NEW };
  const { existed } = await executeOnTenant(
    dependencies,
    { command: principal.keep, body, idempotencyKey: "" },
    context,
  );
  return { principal: await readPrincipal(dependencies, requested.actor, context), existed };
}

export async function readPrincipal(
  dependencies: TenantDependencies,
  actor: Actor | undefined,
  context: CallContext,
): Promise<Principal> {
  const { principals } = await tenantOf(dependencies, context.namespace, context);
  const stored = principals.get(actorKey(actor));
  if (stored === undefined) throw tenantErrors.missing({ name: "principal", id: actor?.id ?? "" });
  return principalOf(context.namespace, stored);
}

export async function listPrincipals(
  dependencies: TenantDependencies,
  { kinds, group, text, page }: ListPrincipalsRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const { principals } = await tenantOf(dependencies, namespace, context);
  const searched = text.toLowerCase();
  const all = [...principals]
    .map(([key, stored]) => ({ key, principal: principalOf(namespace, stored) }))
    .filter(({ principal: { actor, groups, displayName } }) => {
      const isKind = kinds.length === 0 || kinds.includes(actor?.kind ?? ActorKind.ACTOR_KIND_UNSPECIFIED);
      const has = [actor?.id ?? "", displayName].some((name) => name.toLowerCase().includes(searched));
      return isKind && has && (group === "" || groups.includes(group));
    })
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const list = ["principals", namespace, kinds, group, text];
  const { items, nextToken } = pageOf(all, { list, keyOf: ({ key }) => key }, page);
  return { principals: items.map(({ principal }) => principal), page: { nextToken, total: all.length } };
}

export async function updatePrincipal(
  dependencies: TenantDependencies,
  request: UpdatePrincipalRequest,
  context: CallContext,
) {
  const { principal: requested = Principal.create(), update: fieldUpdate, reason } = request;
  const before = await readPrincipal(dependencies, requested.actor, context);
  const refuse = (problem: string): never => {
    throw tenantErrors.invalid({ problem }, { violations: [{ field: "update.fields", message: problem }] });
  };
  const naming = ["namespace", "actor"];
  const merged = mergedFields(before, requested, fieldUpdate?.fields ?? [], { changeable, naming, refuse });
  const revision = revisionOf(fieldUpdate?.revision || before.revision);
  const body = { principal: merged, revision, mode: KeepMode.KEEP_MODE_PRESENT };
  await executeOnTenant(dependencies, { command: principal.keep, body, reason }, context);
  return { principal: await readPrincipal(dependencies, requested.actor, context) };
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
  const { credential } = caller;
  const actor = actorOf(caller);
  const homeNamespace = credential?.namespace || namespace;
  const { principals, keys, tokens } = await tenantOf(dependencies, homeNamespace, context);
  const stored = principals.get(actorKey(actor));
  const known = stored === undefined ? Principal.fromPartial({ actor }) : principalOf(homeNamespace, stored);
  const { evaluator, content } = await dependencies.deciding.present();
  const identity = { actor, groups: [...(credential?.groups ?? []), ...known.groups] };
  const nowMs = dependencies.foundation.clock.now();
  const granted = credential === undefined ? caller.roles : evaluator.rolesOf(identity, namespace, nowMs);
  const end = credential && (keys.get(credential.id)?.key ?? tokens.get(credential.id)?.token)?.expireTime;
  const names = ["default", systemNamespace, ...content.namespaces.map(({ name }) => name)];
  const open: string[] = [];
  for (const name of [...new Set(names)].sort())
    if (
      open.length < namespacesMax &&
      (await dependencies.deciding.mayAlso(context, "governance.namespaces.get", name))
    )
      open.push(name);
  return {
    principal: { ...known, groups: [...new Set(identity.groups)] },
    roles: [...new Set(granted)],
    scope: credential?.scope,
    expireTime: end && { ...end },
    namespaces: open,
  };
}
