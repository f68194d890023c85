/** Roles and their bindings. */
import {
  type CreateRoleBindingRequest,
  type DeleteRoleBindingRequest,
  type DeleteRoleRequest,
  KeepMode,
  type ListRoleBindingsRequest,
  Role,
  RoleBinding,
  type SetRoleRequest,
} from "@tutti/contracts/governance/v1";
import { type CallContext, pageOf } from "@tutti/kernel";
import { actorKey, binding, role as roles, tenantErrors } from "@tutti/machine-entities/tenant";
import { builtInRoles, systemNamespace } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import {
  executeOnTenant,
  publishOnTenant,
  revisionOf,
  type TenantDependencies,
  tenantOf,
} from "../tenants/dependencies.ts";
import { bindingOf, roleOf } from "../tenants/views.ts";
import { requireServed } from "./vocabulary.ts";

const builtInNames: ReadonlySet<string> = new Set(builtInRoles.map(({ role }) => role));

export async function listRoles(dependencies: TenantDependencies, context: CallContext) {
  const { namespace } = context;
  const tenant = await tenantOf(dependencies, namespace, context);
  const own = [...tenant.roles.values()].map((role) => roleOf(namespace, role));
  return { roles: [...builtInRoles, ...own.sort((one, other) => (one.role < other.role ? -1 : 1))] };
}

export async function setRole(
  dependencies: TenantDependencies,
  request: SetRoleRequest,
  context: CallContext,
) {
  const { role = Role.create(), revision, reason } = request;
  requireOwn(role.role);
  requireServed("role.actions", role.actions);
  const body = { role, revision: revisionOf(revision), mode: KeepMode.KEEP_MODE_UNSPECIFIED };
  await publishOnTenant(dependencies, { command: roles.keep, body, reason }, context);
  const stored = (await tenantOf(dependencies, context.namespace, context)).roles.get(role.role);
  return { role: stored && roleOf(context.namespace, stored) };
}

/** Deletes a role. Its bindings go first: a binding must not exist without its role. */
export async function deleteRole(
  dependencies: TenantDependencies,
  { role, reason }: DeleteRoleRequest,
  context: CallContext,
) {
  requireOwn(role);
  const { bindings } = await tenantOf(dependencies, context.namespace, context);
  for (const [bindingId, { value }] of bindings)
    if (value.role === role)
      await executeOnTenant(
        dependencies,
        { command: binding.remove, body: { bindingId }, reason, idempotencyKey: "" },
        context,
      );
  const { removed } = await publishOnTenant(
    dependencies,
    { command: roles.remove, body: { role }, reason },
    context,
  );
  return { removed: removed > 0 };
}

export async function createBinding(
  dependencies: TenantDependencies,
  { binding: requested = RoleBinding.create() }: CreateRoleBindingRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const tenant = await tenantOf(dependencies, namespace, context);
  const { content } = await dependencies.bundles.current();
  const isOfSystem = content.roles.some(
    (role) => role.namespace === systemNamespace && role.role === requested.role,
  );
  if (!builtInNames.has(requested.role) && !tenant.roles.has(requested.role) && !isOfSystem)
    throw tenantErrors.missing({ name: "role", id: requested.role });
  const body = { binding: requested, revision: 0, mode: KeepMode.KEEP_MODE_NEW };
  const { existed } = await publishOnTenant(
    dependencies,
    { command: binding.keep, body, idempotencyKey: "" },
    context,
  );
  const stored = (await tenantOf(dependencies, namespace, context)).bindings.get(requested.bindingId);
  return { binding: stored && bindingOf(namespace, stored), existed };
}

export async function listBindings(
  dependencies: TenantDependencies,
  { role, actor, page }: ListRoleBindingsRequest,
  context: CallContext,
) {
  const { namespace } = context;
  const { bindings } = await tenantOf(dependencies, namespace, context);
  const isOf = ({ subject }: RoleBinding) =>
    actor === undefined || (subject?.$case === "actor" && actorKey(subject.value) === actorKey(actor));
  const all = [...bindings.values()]
    .map((stored) => bindingOf(namespace, stored))
    .filter((binding) => (role === "" || binding.role === role) && isOf(binding))
    .sort((one, other) => (one.bindingId < other.bindingId ? -1 : 1));
  const list = ["bindings", namespace, role, actor];
  const { items, nextToken } = pageOf(all, { list, keyOf: ({ bindingId }) => bindingId }, page);
  return { bindings: items, page: { nextToken, total: all.length } };
}

export async function deleteBinding(
  dependencies: TenantDependencies,
  { bindingId, reason }: DeleteRoleBindingRequest,
  context: CallContext,
) {
  const { removed } = await publishOnTenant(
    dependencies,
    { command: binding.remove, body: { bindingId }, reason },
    context,
  );
  return { removed: removed > 0 };
}

function requireOwn(role: string): void {
  if (builtInNames.has(role)) throw governanceErrors.roleReadyMade({ role });
}
