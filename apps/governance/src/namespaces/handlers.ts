/**
 * Namespaces: create, read, update, delete. The tenant stores one. `default` and `system` exist by themselves.
 */
import {
  type CreateNamespaceRequest,
  type DeleteNamespaceRequest,
  KeepMode,
  type ListNamespacesRequest,
  ListSecretsRequest,
  Namespace,
  type namespaceService,
  secretService,
  type UpdateNamespaceRequest,
} from "@tutti/contracts/governance/v1";
import { ListMachinesRequest, runtimeService } from "@tutti/contracts/runtime/v1";
import { mergedFields } from "@tutti/host/serving";
import { type CallContext, labelsMatch, liveStatuses, pageOf } from "@tutti/kernel";
import { keepNamespace, namespaceOf, removeNamespace, tenantErrors } from "@tutti/machine-entities/tenant";
import type { Handlers, Mesh } from "@tutti/mesh";
import { systemNamespace } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";
import { executeOnTenant, revisionOf, type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";

const builtIn: ReadonlySet<string> = new Set(["default", systemNamespace]);
const changeable = ["description", "labels", "suspended", "retentionMs"] as const;
const { KEEP_MODE_NEW, KEEP_MODE_PRESENT, KEEP_MODE_UNSPECIFIED } = KeepMode;

export function namespaceHandlers(
  dependencies: TenantDependencies,
  mesh: Mesh,
): Handlers<typeof namespaceService> {
  return {
    createNamespace: (request, context) => create(dependencies, request, context),
    getNamespace: async (_request, context) => ({
      resource: await readNamespace(dependencies, context.namespace, context),
    }),
    listNamespaces: (request, context) => list(dependencies, request, context),
    updateNamespace: (request, context) => update(dependencies, request, context),
    deleteNamespace: (request, context) => remove(dependencies, mesh, request, context),
  };
}

async function create(
  dependencies: TenantDependencies,
  { resource = Namespace.create() }: CreateNamespaceRequest,
  context: CallContext,
) {
  const { name } = resource;
  // A built-in namespace has the defaults until it is changed.
  const isStored = builtIn.has(name) && (await tenantOf(dependencies, name, context)).namespace !== undefined;
  if (builtIn.has(name) && !isStored) {
    if (!isPlain(resource)) throw tenantErrors.exists({ name: "namespace", id: name });
    return { resource: Namespace.fromPartial({ name }), existed: true };
  }
  const body = { resource, revision: 0, mode: KEEP_MODE_NEW };
  const call = { command: keepNamespace, body, idempotencyKey: "" };
  const { existed } = await executeOnTenant(dependencies, call, context, name);
  return { resource: await readNamespace(dependencies, name, context), existed };
}

async function update(
  dependencies: TenantDependencies,
  request: UpdateNamespaceRequest,
  context: CallContext,
) {
  const { resource: changed = Namespace.create(), update: fieldUpdate, reason } = request;
  const { name } = changed;
  const before = await readNamespace(dependencies, name, context);
  const refuse = (problem: string): never => {
    throw tenantErrors.invalid({ problem }, { violations: [{ field: "update.fields", message: problem }] });
  };
  const resource = mergedFields(before, changed, fieldUpdate?.fields ?? [], {
    changeable,
    naming: ["name"],
    refuse,
  });
  const mode = builtIn.has(name) ? KEEP_MODE_UNSPECIFIED : KEEP_MODE_PRESENT;
  const revision = revisionOf(fieldUpdate?.revision || before.revision);
  await executeOnTenant(
    dependencies,
    { command: keepNamespace, body: { resource, revision, mode }, reason },
    context,
    name,
  );
  return { resource: await readNamespace(dependencies, name, context) };
}

/** Work that would continue in the namespace, although no caller has rights there any more. */
const works = [
  { service: "workflow", kinds: ["run", "schedule", "trigger"] },
  { service: "swarm", kinds: ["mission"] },
  { service: "master", kinds: ["session"] },
] as const;
async function remove(
  dependencies: TenantDependencies,
  mesh: Mesh,
  { reason }: DeleteNamespaceRequest,
  context: CallContext,
) {
  const { namespace } = context;
  if (builtIn.has(namespace)) throw governanceErrors.namespaceBuiltIn({ namespace });
  const { changes, namespace: stored } = await tenantOf(dependencies, namespace, context);
  if (stored === undefined && changes === 0) return { removed: false };
  // An unreachable service may have running work: then the namespace is not removed.
  for (const { service, kinds } of works) {
    const page = { size: 1, token: "" };
    const request = { namespace, kinds: [...kinds], statuses: [...liveStatuses], page };
    const runtime = mesh.client(runtimeService, { service });
    const { machines } = await runtime.listMachines(ListMachinesRequest.fromPartial(request), { context });
    const [found] = machines;
    if (found !== undefined)
      throw governanceErrors.namespaceBusy({
        namespace,
        what: found.reference?.kind ?? "",
        id: found.reference?.id ?? "",
      });
  }
  await deleteSecrets(mesh, { namespace, reason }, context);
  const { removed } = await executeOnTenant(
    dependencies,
    { command: removeNamespace, body: {}, reason },
    context,
  );
  return { removed: removed > 0 };
}

/** Deletes the secrets of a namespace, which other machines store. */
async function deleteSecrets(
  mesh: Pick<Mesh, "client">,
  { namespace, reason }: { readonly namespace: string; readonly reason: string },
  context: CallContext,
): Promise<void> {
  const client = mesh.client(secretService);
  for (;;) {
    const { secrets } = await client.listSecrets(ListSecretsRequest.fromPartial({ namespace }), { context });
    if (secrets.length === 0) return;
    for (const { name } of secrets)
      await client.deleteSecret({ namespace, name, versions: [], reason }, { context });
  }
}

/** Lists namespaces by name, from the last bundle, which has all: those that the caller may access. */
async function list(
  dependencies: TenantDependencies,
  { labels, page }: ListNamespacesRequest,
  context: CallContext,
) {
  const { content } = await dependencies.bundles.current();
  const byName = new Map([...builtIn].map((name) => [name, Namespace.fromPartial({ name })]));
  for (const namespace of content.namespaces) byName.set(namespace.name, namespace);
  const all: Namespace[] = [];
  for (const namespace of byName.values())
    if (
      labelsMatch(namespace.labels, labels) &&
      (await dependencies.deciding.mayAlso(context, "governance.namespaces.get", namespace.name))
    )
      all.push(namespace);
  all.sort((one, other) => (one.name < other.name ? -1 : 1));
  const { items, nextToken } = pageOf(all, { list: ["namespaces", labels], keyOf: ({ name }) => name }, page);
  return { resources: items, page: { nextToken, total: all.length } };
}

async function readNamespace(
  dependencies: TenantDependencies,
  name: string,
  context: CallContext,
): Promise<Namespace> {
  const { namespace } = await tenantOf(dependencies, name, context);
  if (namespace === undefined && !builtIn.has(name))
    throw tenantErrors.missing({ name: "namespace", id: name });
  return namespace === undefined ? Namespace.fromPartial({ name }) : namespaceOf(namespace);
}

function isPlain({ description, labels, suspended, retentionMs }: Namespace): boolean {
  return description === "" && Object.keys(labels).length === 0 && !suspended && retentionMs === 0;
}
